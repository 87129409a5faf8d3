#include "process/locked.hpp"

/// Buckets, with real daemons: what a listed key can make of them, and how many there may be.
namespace kigumi {
namespace {

using std::chrono::seconds;

class HostileBuckets : public LockedTest {
  protected:
    /// A victim that is linked with an honest site, and with a key of some rights.
    void make_sites(const std::string& rights, const std::vector<std::string>& options = {}) {
        victim_ = &make_site();
        run(*victim_, *victim_key_, {honest_key_->text(), hostile_key_->text() + "=" + rights}, {},
            options);
        honest_ = &make_site();
        run(*honest_, *honest_key_, {victim_key_->text()},
            {victim_key_->text() + "@" + victim_->address()}, {});
        ASSERT_TRUE(eventually(seconds(20), [this] {
            return times(*victim_, "event=peer.up") > 0 && times(*honest_, "event=peer.up") > 0;
        }));
    }
    static void run(Site& site, const Key& key, const std::vector<std::string>& allow,
                    const std::vector<std::string>& peers, std::vector<std::string> options) {
        options.insert(options.end(), {"--key", key.file});
        for (const std::string& entry : allow) options.push_back("--allow=" + entry);
        for (const std::string& peer : peers) options.push_back("--peer=" + peer);
        site.start({}, options);
    }
    /// A link of the hostile key that tells of buckets which nobody has.
    void invent(std::uint8_t number, std::size_t buckets) {
        Guest& guest =
            guests_.emplace_back(context_, victim_->address(), *hostile_key_, *victim_key_);
        ASSERT_TRUE(guest.is_answered(made_up(number)));
        wire::Digest digest;
        for (std::size_t i = 0; i < buckets; ++i) {
            digest.versions.emplace_back(
                "invented " + std::to_string(number) + "/" + std::to_string(i),
                VersionVector{{made_up(number), 1}});
            if (digest.versions.size() == 500) guest.send(std::exchange(digest, {}));
        }
        guest.send(digest);
        // A digest of what is there is answered after all that came before.
        ASSERT_TRUE(eventually(seconds(60), [&] {
            const std::uint64_t session = 1'000'000U + number;
            guest.send(wire::Chunk{session, 0, 0, {}, {}});
            for (zmq::message_t frame; guest.socket().recv(frame);) {
                const auto message = wire::decode(frame.to_string_view());
                const auto* cancel = message ? std::get_if<wire::Cancel>(&*message) : nullptr;
                if (cancel != nullptr && cancel->session == session) return true;
            }
            return false;
        }));
    }
    static void write(Site& site, const std::string& bucket) {
        auto tx = site.store().write(bucket).value();
        tx.reg("k").assign(Value(bucket)).value();
        tx.commit().value();
    }
    static bool has(Site& site, const std::string& bucket) {
        auto tx = site.store().read(bucket).value();
        return tx.reg("k").get().value() == Value(bucket);
    }

    Key* victim_key_ = &make_key();
    Key* honest_key_ = &make_key();
    Key* hostile_key_ = &make_key();
    Site* victim_ = nullptr;
    Site* honest_ = nullptr;
    std::deque<Guest> guests_;
};

TEST_F(HostileBuckets, AReaderThatInventsThemTakesNoRoom) {
    make_sites("read");
    for (std::uint8_t link = 1; link <= 5; ++link) invent(link, 2'000);
    for (int i = 0; i < 20; ++i) write(*honest_, "fresh " + std::to_string(i));
    EXPECT_TRUE(eventually(seconds(30), [this] {
        for (int i = 0; i < 20; ++i)
            if (!has(*victim_, "fresh " + std::to_string(i))) return false;
        return true;
    }));
    EXPECT_EQ(times(*victim_, "event=buckets.left_out"), 0U);
}

TEST_F(HostileBuckets, AWriterThatInventsThemTakesNoMoreThanItsShare) {
    make_sites("read+write", {"--max-buckets=1024"});
    for (std::uint8_t link = 1; link <= 4; ++link) invent(link, 1'000);
    for (int i = 0; i < 100; ++i) write(*honest_, "fresh " + std::to_string(i));
    EXPECT_TRUE(eventually(seconds(60), [this] {
        for (int i = 0; i < 100; ++i)
            if (!has(*victim_, "fresh " + std::to_string(i))) return false;
        return true;
    }));
    EXPECT_TRUE(eventually(seconds(20), [this] {
        return times(*victim_, "event=buckets.left_out") > 0;
    })) << "it is told what was not taken";
    EXPECT_LE(times(*victim_, "event=buckets.left_out"), 3U) << "and not for each";
}

TEST_F(HostileBuckets, BeyondTheBoundAreReported) {
    make_sites("read", {"--max-buckets=16"});
    for (int i = 0; i < 20; ++i) write(*victim_, "bucket " + std::to_string(i));
    EXPECT_TRUE(
        eventually(seconds(30), [this] { return victim_->store().left_out().value() >= 4; }));
    EXPECT_TRUE(eventually(seconds(30), [this] {
        return times(*victim_, "event=buckets.left_out") > 0 &&
               times(*victim_, "max_buckets=16") > 0;
    }));
    EXPECT_LE(victim_->store().left_out().value(), 6U) << "those that fit are replicated";
}

TEST_F(HostileBuckets, ThousandsReachAnotherDaemon) {
    constexpr int kBuckets = 3'000;
    Site& one = make_site();
    run(one, *victim_key_, {honest_key_->text()}, {}, {});
    for (int i = 0; i < kBuckets; ++i) write(one, "bucket " + std::to_string(i));
    Site& other = make_site();
    run(other, *honest_key_, {victim_key_->text()}, {victim_key_->text() + "@" + one.address()},
        {});
    EXPECT_TRUE(eventually(seconds(100), [&] {
        return other.store().count_buckets().value() >= static_cast<std::uint64_t>(kBuckets) + 1;
    }));
    for (int i = 0; i < kBuckets; ++i) {
        const std::string bucket = "bucket " + std::to_string(i);
        ASSERT_TRUE(eventually(seconds(10), [&] { return has(other, bucket); })) << bucket;
    }
    // With all of them idle, a write in one is there at once.
    write(one, "bucket new");
    EXPECT_TRUE(eventually(seconds(10), [&] { return has(other, "bucket new"); }));
}

}  // namespace
}  // namespace kigumi
