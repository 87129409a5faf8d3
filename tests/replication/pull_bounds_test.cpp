#include "rightful.hpp"
#include "support/allocation_meter.hpp"

/// What the answer to a pull may cost the one who asked.
namespace kigumi {
namespace {

const ReplicaId kIntruder(ReplicaId::Bytes{0xEE});

class PullBounds : public Rightful {
  protected:
    void begin(const Rights& rights) {
        a_.write("x", "kept");
        run(100);
        intrude(a_, policy(rights), kIntruder);
        session_ = ask();
    }
    /// Makes the node pull; the session that it asked for.
    std::uint64_t ask(const std::string& bucket = kBucket) {
        VersionVector version = a_.version(bucket);
        version.raise(kIntruder, 100'000);
        say(a_, wire::Digest{{{bucket, version}}});
        for (int i = 0; i < 100; ++i) {
            run(100);
            for (const auto& message : heard_)
                if (const auto* const pull = std::get_if<wire::Pull>(&message);
                    pull != nullptr && pull->bucket == bucket && !asked_.contains(pull->session)) {
                    asked_.insert(pull->session);
                    return pull->session;
                }
        }
        ADD_FAILURE() << "no pull";
        return 0;
    }
    wire::Cursor cursor() const {
        wire::Cursor cursor;
        cursor.to.raise(kIntruder, 100'000);
        return cursor;
    }
    bool cancelled(std::uint64_t session, const std::string& why) const {
        for (const auto& message : heard_)
            if (const auto* const cancel = std::get_if<wire::Cancel>(&message);
                cancel != nullptr && cancel->session == session &&
                cancel->reason.find(why) != std::string::npos)
                return true;
        return false;
    }
    static std::string large_row(std::uint64_t counter, std::size_t bytes) {
        Row row;
        for (std::size_t i = 0; i * 1'000'000 < bytes; ++i)
            row.insert({Dot{kIntruder, counter + i}, Hlc::at_ms(1),
                        Value(std::string(std::min<std::size_t>(1'000'000, bytes), 'x'))});
        return encode_batch({{{"large", Type::kRegister, {}}, row}});
    }
    /// Sends a batch in parts; whether the node still wants more.
    std::uint64_t number_ = 0;
    void send_batch(std::uint64_t session, const std::string& batch, bool whole = true) {
        constexpr std::size_t kPart = 500'000;
        for (std::size_t at = 0; at < batch.size(); at += kPart) {
            wire::Chunk chunk{session, 1, number_++, batch.substr(at, kPart), {}};
            if (whole && at + kPart >= batch.size()) chunk.cursor = cursor();
            say(a_, chunk);
        }
    }

    std::set<std::uint64_t> asked_;
    std::uint64_t session_ = 0;
};

TEST_F(PullBounds, ABatchWithoutEndIsBrokenOff) {
    begin({});
    const AllocationMeter meter;
    for (int i = 0; i < 100; ++i)
        say(a_, wire::Chunk{
                    session_, 1, static_cast<std::uint64_t>(i), std::string(1'000'000, 'x'), {}});
    EXPECT_TRUE(cancelled(session_, "row_max_bytes"));
    // What was received, the message, and a copy while it grows.
    EXPECT_LT(meter.peak_bytes(), std::size_t{64} << 20);
    EXPECT_LE(a_.replicator->buffered_bytes(), std::size_t{1} << 20);
    EXPECT_EQ(a_.get("x"), "kept");
}

TEST_F(PullBounds, SmallElementsAreNotUnpackedWithoutBound) {
    begin({});
    // 15 MB of nothing: 600 MB if it were unpacked.
    std::string batch("\x92\x90\xDD\x00\xE4\xE1\xC0", 7);
    batch.append(15'000'000, '\xC0');
    const AllocationMeter meter;
    send_batch(session_, batch);
    EXPECT_TRUE(cancelled(session_, "elements"));
    EXPECT_LT(meter.peak_bytes(), std::size_t{80} << 20);
}

TEST_F(PullBounds, ALargeRowIsTaken) {
    begin({});
    send_batch(session_, large_row(1, 12'000'000));
    EXPECT_FALSE(cancelled(session_, ""));
    VersionVector version = a_.version();
    version.raise(kIntruder, 100'000);
    say(a_, wire::Done{session_, 1, number_, version, {}, false});
    EXPECT_EQ(a_.store->read()->reg("large").siblings().value().size(), 12U);
}

TEST_F(PullBounds, OneLargeRowIsTakenAtATime) {
    begin({});
    a_.write("x", "kept", "other");
    run(100);
    const std::uint64_t other = ask("other");
    const std::string batch = large_row(1, 6'000'000);
    send_batch(session_, batch.substr(0, 5'000'000), false);
    EXPECT_FALSE(cancelled(session_, ""));
    number_ = 0;
    send_batch(other, batch.substr(0, 1'000'000), false);
    EXPECT_FALSE(cancelled(other, "")) << "what is small goes on";
    send_batch(other, batch.substr(1'000'000), true);
    EXPECT_TRUE(cancelled(other, "large row"));
    EXPECT_LT(a_.replicator->buffered_bytes(), std::size_t{7} << 20);
}

TEST_F(PullBounds, RowsOfManySmallValuesCountAsTheMemoryThatTheyTake) {
    begin({});
    Array array(100'000, Value());
    VersionVector base = a_.version();
    base.raise(ReplicaId(ReplicaId::Bytes{0xDD}), 1);  // never comes
    for (std::uint64_t i = 1; i <= 30; ++i) {
        VersionVector from = base;
        from.raise(kIntruder, i);
        VersionVector to = base;
        to.raise(kIntruder, i + 1);
        Row row;
        row.insert({Dot{kIntruder, i + 1}, Hlc::at_ms(1), Value(array)});
        say(a_,
            wire::Push{kBucket, from, to, {}, encode_batch({{{"y", Type::kRegister, {}}, row}})});
    }
    // 100 kB each on the wire, 4 MB in memory.
    EXPECT_LE(a_.replicator->buffered_bytes(),
              ReplicatorOptions().held_peer_max_bytes + (6U << 20));
}

TEST_F(PullBounds, APullThatTricklesDoesNotKeepOthersWaiting) {
    link(b_, a_, policy({}), policy({}));
    a_.write("x", "kept");
    run(1'000);
    intrude(a_, policy({true, true, false}), kIntruder);
    session_ = ask();
    // A write of b that a hears of and does not get pushed: a larger one than is pushed.
    auto tx = b_.store->write(kBucket).value();
    for (int i = 0; i < 300; ++i)
        tx.reg("large" + std::to_string(i)).assign(Value(std::string(2'000, 'x'))).value();
    tx.commit().value();
    b_.replicator->local_commit();
    for (int seconds = 0; seconds < 60; ++seconds) {
        // One row a second, for ever, on whatever it is asked.
        Row row;
        row.insert(
            {Dot{kIntruder, static_cast<std::uint64_t>(seconds) + 1}, Hlc::at_ms(1), Value(1)});
        say(a_, wire::Chunk{session_, 1, number_++,
                            encode_batch({{{"y", Type::kRegister, {}}, row}}), cursor()});
        run(1'000);
        for (const auto& message : heard_)
            if (const auto* const pull = std::get_if<wire::Pull>(&message);
                pull != nullptr && pull->bucket == kBucket && asked_.insert(pull->session).second) {
                session_ = pull->session;
                number_ = 0;
            }
    }
    EXPECT_EQ(a_.version()[b_.id()], b_.version()[b_.id()]);
}

}  // namespace
}  // namespace kigumi
