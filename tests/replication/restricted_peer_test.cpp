#include "rightful.hpp"

/// What a peer with the right to write, and without the right to relay, may not bring about.
namespace kigumi {
namespace {

constexpr std::uint64_t kHuge = ~std::uint64_t{0};
const ReplicaId kIntruder(ReplicaId::Bytes{0xEE});
/// Rows in one batch of an answer.
constexpr std::size_t kBatchRows = 500;
const RowKey kCounter{"count", Type::kCounter, {}};

class RestrictedPeer : public Rightful {
  protected:
    void SetUp() override {
        link(b_, a_, policy({}), policy({}));
        add(a_, 100);
        add(b_, 50);
        run(2'000);
        ASSERT_EQ(count(a_), 150);
        intrude(a_, policy({true, true, false}), kIntruder);
    }
    void add(Node& node, std::int64_t amount) {
        auto tx = node.store->write(kBucket).value();
        tx.counter("count").add(amount).value();
        tx.commit().value();
        node.replicator->local_commit();
    }
    std::int64_t count(Node& node) {
        return node.store->read(kBucket)->counter("count").value().value();
    }
    /// Events of the intruder's own: the row, as it has it.
    void push(const RowKey& at, Payload payload, VersionVector floor = {}) {
        Row row;
        VersionVector version = current();
        const VersionVector base = version;
        row.insert({version.increment(kIntruder), Hlc::at_ms(1), std::move(payload)});
        say(a_, wire::Push{kBucket, base, version, std::move(floor), encode_batch({{at, row}})});
        run(1'000);
    }
    VersionVector current() { return a_.version(); }
    const wire::Pull* pull_asked() {
        const wire::Pull* pull = nullptr;
        for (const auto& message : heard_)
            if (const auto* const asked = std::get_if<wire::Pull>(&message)) pull = asked;
        return pull;
    }
    /// Lets the node pull from the intruder, who then says these rows and that they are all.
    void answer_pull(const std::vector<KeyedRow>& rows, const VersionVector& version,
                     VersionVector floor = {}) {
        say(a_, wire::Digest{{{kBucket, version}}});
        run(200);
        const wire::Pull* const pull = pull_asked();
        ASSERT_NE(pull, nullptr);
        const std::uint64_t session = pull->session;
        wire::Cursor cursor;
        cursor.from = pull->base;
        cursor.to = version;
        std::uint64_t number = 0;
        for (std::size_t at = 0; at < rows.size(); at += kBatchRows) {
            const auto begin = rows.begin() + static_cast<std::ptrdiff_t>(at);
            const auto end =
                rows.begin() + static_cast<std::ptrdiff_t>(std::min(at + kBatchRows, rows.size()));
            say(a_, wire::Chunk{session, 1, number++, encode_batch({begin, end}), cursor});
        }
        say(a_, wire::Done{session, 1, number, version, std::move(floor), false});
    }
};

TEST_F(RestrictedPeer, APushTakesNobodysCountsAway) {
    push(kCounter, Tally{1, 0});
    EXPECT_EQ(count(a_), 151);
    EXPECT_EQ(count(b_), 151);
    add(a_, 5);
    run(1'000);
    EXPECT_EQ(count(a_), 156) << "its own contribution went on from where it was";
    EXPECT_EQ(count(b_), 156);
    a_.store->read()->check_log().value();
}

TEST_F(RestrictedPeer, APullTakesNobodysCountsAway) {
    VersionVector version = current();
    Row row;
    row.insert({version.increment(kIntruder), Hlc::at_ms(1), Tally{1, 0}});
    answer_pull({{kCounter, row}}, version);
    run(1'000);
    EXPECT_EQ(count(a_), 151);
    add(a_, 5);
    run(1'000);
    EXPECT_EQ(count(a_), 156);
    EXPECT_EQ(count(b_), 156);
}

TEST_F(RestrictedPeer, ALargePullTakesNobodysCountsAway) {
    // More than is joined in one step: it shows first and is compacted behind.
    VersionVector version = current();
    std::vector<KeyedRow> rows;
    Row counted;
    counted.insert({version.increment(kIntruder), Hlc::at_ms(1), Tally{1, 0}});
    rows.push_back({kCounter, counted});
    for (int i = 0; i < 5'000; ++i) {
        Row row;
        row.insert({version.increment(kIntruder), Hlc::at_ms(1), Value(i)});
        rows.push_back({{"k" + std::to_string(i), Type::kRegister, {}}, row});
    }
    a_.write("kept", "mine");
    run(500);
    for (const auto& [origin, counter] : current()) version.raise(origin, counter);
    // A row of another, with something else in its place: it is not the peer's to change.
    Row emptied;
    emptied.insert({{a_.id(), 1}, Hlc::at_ms(1), Value("nothing")});
    rows.push_back({{"kept", Type::kRegister, {}}, emptied});
    answer_pull(rows, version);
    ASSERT_TRUE(a_.store->read()->folding()) << "shown at once";
    EXPECT_EQ(count(a_), 151);
    EXPECT_EQ(a_.get("kept"), "mine");
    run(5'000);
    EXPECT_FALSE(a_.store->read()->folding());
    EXPECT_EQ(count(a_), 151);
    EXPECT_EQ(count(b_), 151);
    EXPECT_EQ(a_.get("kept"), "mine");
    EXPECT_EQ(a_.version(), b_.version());
    a_.store->read()->check_log().value();
}

TEST_F(RestrictedPeer, OverwritesWhatItMayWrite) {
    a_.write("x", "old");
    run(500);
    push({"x", Type::kRegister, {}}, Value("new"));
    EXPECT_EQ(a_.get("x"), "new");
    EXPECT_EQ(b_.get("x"), "new");
    EXPECT_EQ(a_.store->read()->reg("x").siblings().value().size(), 1U);
}

TEST_F(RestrictedPeer, AResetTakesBackWhatItSawAndNoMore) {
    Reset all;
    all.seen[a_.id()] = {100, 0};
    all.seen[b_.id()] = {50, 0};
    push(kCounter, all);
    EXPECT_EQ(count(a_), 0);
    EXPECT_EQ(count(b_), 0);
    // What is yet to be counted.
    Reset future;
    future.seen[a_.id()] = {1'000'000, 0};
    push(kCounter, future);
    EXPECT_TRUE(closed_.contains(1'000)) << "it is hung up on";
    add(a_, 7);
    run(1'000);
    EXPECT_EQ(count(a_), 7);
    EXPECT_EQ(count(b_), 7);
}

TEST_F(RestrictedPeer, DoesNotRaiseTheFloorByPushes) {
    const VersionVector floor = a_.store->read()->floor();
    for (int i = 0; i < 5; ++i) push({"x", Type::kRegister, {}}, Value(i), current());
    EXPECT_EQ(a_.store->read()->floor(), floor);
    EXPECT_EQ(b_.store->read()->floor(), floor);
    EXPECT_EQ(a_.version(), b_.version());
    EXPECT_EQ(a_.store->read()->reg("x").get().value(), Value(4)) << "what it wrote is taken";
}

TEST_F(RestrictedPeer, DoesNotRaiseTheFloorByPullAnswers) {
    const VersionVector floor = a_.store->read()->floor();
    VersionVector version = current();
    Row row;
    row.insert({version.increment(kIntruder), Hlc::at_ms(1), Value("own")});
    answer_pull({{{"x", Type::kRegister, {}}, row}}, version, version);
    run(1'000);
    EXPECT_EQ(a_.get("x"), "own");
    EXPECT_EQ(a_.store->read()->floor(), floor);
}

TEST_F(RestrictedPeer, AFloorBeyondItsVersionIsRefused) {
    VersionVector version = current();
    version.raise(kIntruder, 1);
    say(a_, wire::Digest{{{kBucket, version}}});
    run(200);
    ASSERT_NE(pull_asked(), nullptr);
    VersionVector beyond = version;
    beyond.raise(a_.id(), kHuge);
    say(a_, wire::Done{pull_asked()->session, 1, 0, version, beyond, false});
    EXPECT_TRUE(closed_.contains(1'000));
    EXPECT_TRUE(a_.version().covers(a_.store->read()->floor()));
}

TEST_F(RestrictedPeer, ItsContradictionsDoNotHoldUpOthers) {
    Reset future;
    future.seen[a_.id()] = {1'000'000, 0};
    Row reset;
    VersionVector version = current();
    const VersionVector base = version;
    reset.insert({version.increment(kIntruder), Hlc::at_ms(1), future});
    const std::string bad =
        wire::encode(wire::Push{kBucket, base, version, {}, encode_batch({{kCounter, reset}})});
    // In one burst with an honest push, on either side of it.
    VersionVector honest = base;
    Row row;
    row.insert({honest.increment(b_.id()), Hlc::at_ms(1), Value("honest")});
    const std::string good = wire::encode(
        wire::Push{kBucket, base, honest, {}, encode_batch({{{"y", Type::kRegister, {}}, row}})});
    const LinkId from_b = wires_[0].ids[1];
    for (const auto& [id, message] : {std::pair(LinkId{1'000}, bad), std::pair(from_b, good)})
        a_.replicator->receive(id, message, now_ms_);
    a_.replicator->flush(now_ms_);
    take(a_);
    EXPECT_EQ(a_.get("y"), "honest");
    EXPECT_EQ(count(a_), 150);
    EXPECT_TRUE(closed_.contains(1'000));
    EXPECT_FALSE(closed_.contains(from_b));
    EXPECT_EQ(a_.noted("push.failed"), 0U);
}

}  // namespace
}  // namespace kigumi
