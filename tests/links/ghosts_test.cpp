#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "kigumi/replication/members.hpp"
#include "kigumi/replication/memory_env.hpp"
#include "kigumi/replication/status.hpp"
#include "protocol/messages.hpp"

/// What a peer gains by being many replicas: nothing.
namespace kigumi {
namespace {

ReplicaId numbered(unsigned number) {
    return ReplicaId(ReplicaId::Bytes{0xAA, static_cast<std::uint8_t>(number >> 8),
                                      static_cast<std::uint8_t>(number)});
}

/// Keys and rights as a test says; every replica is the peer's that says so first.
struct World {
    std::map<std::string, Rights> rights;  ///< by key
    std::map<ReplicaId, std::string> owners;
};

struct Policy : PeerPolicy {
    Policy(World& of, std::string holder) : world(of), key(std::move(holder)) {}

    std::string_view peer() const override { return key; }
    Rights in(std::string_view) const override { return world.rights.at(key); }
    Result<void> claim(const ReplicaId& replica) override {
        if (failing) return fail(*failing, "not now");
        if (world.owners.try_emplace(replica, key).first->second == key) return {};
        return fail(ErrorCode::kInvalidArgument, "another's");
    }
    bool owns(const ReplicaId& replica) const override {
        const auto it = world.owners.find(replica);
        return it != world.owners.end() && it->second == key;
    }
    World& world;
    const std::string key;
    std::optional<ErrorCode> failing;
};

/// One node, and a test that speaks to it as the holder of any key.
class Ghosts : public testing::Test {
  protected:
    Ghosts() {
        world_.rights = {{"reader", {true, false, false}},
                         {"writer", {true, true, false}},
                         {"sensor", {false, true, false}}};
        start();
    }
    void start() {
        ReplicatorOptions options = options_;
        options.random = [this] { return random_(); };
        options.peer_of = [this](const ReplicaId& replica) {
            const auto it = world_.owners.find(replica);
            return it == world_.owners.end() ? std::string() : it->second;
        };
        options.reads = [this](const ReplicaId& replica, std::string_view) {
            const auto it = world_.owners.find(replica);
            return it == world_.owners.end() || world_.rights.at(it->second).read;
        };
        replicator_.emplace(*store_, std::move(options));
    }
    void assign(const std::string& key, const std::string& value) {
        auto tx = store_->write().value();
        tx.reg(key).assign(Value(value)).value();
        tx.commit().value();
        replicator_->local_commit();
        flush();
    }
    void remove(const std::string& key) {
        auto tx = store_->write().value();
        tx.set("set").add(Value(key)).value();
        tx.set("set").erase(Value(key)).value();
        tx.commit().value();
        replicator_->local_commit();
        flush();
    }
    std::uint64_t removed() { return store_->read()->count_removed().value(); }
    VersionVector version() { return store_->read()->version(); }
    ReplicaId self() { return store_->replica().value(); }

    LinkId dial_in(const std::string& key) {
        const LinkId link = ++last_link_;
        policies_[link] = std::make_shared<Policy>(world_, key);
        replicator_->link_up(link, false, "accepted", now_ms_, policies_[link]);
        return link;
    }
    void say(LinkId link, const wire::Message& message) {
        replicator_->receive(link, wire::encode(message), now_ms_);
        flush();
    }
    void greet(LinkId link, const ReplicaId& as) {
        say(link, wire::Hello{wire::kProtocolVersion, as, true});
    }
    void confirm(LinkId link, const VersionVector& version) {
        say(link, wire::Digest{{{std::string(kDefaultBucket), version}}});
    }
    void flush() {
        replicator_->flush(now_ms_);
        Effects effects = replicator_->take_effects();
        for (const auto& close : effects.closes) closed_.push_back(close.link);
        for (auto& send : effects.sends)
            sent_.emplace_back(send.link, wire::decode(send.message).value());
        for (auto& note : effects.notes) notes_.push_back(std::move(note));
    }
    void run(std::uint64_t ms) {
        for (const std::uint64_t end_ms = now_ms_ + ms; now_ms_ < end_ms;) {
            now_ms_ += 50;
            replicator_->tick(now_ms_);
            flush();
        }
    }
    std::vector<PeerRecord> records() { return store_->peers(kDefaultBucket).value(); }
    std::size_t remembered() {
        const ReplicatorStatus status = replicator_->status();
        for (const auto& bucket : status.buckets)
            if (bucket.name == kDefaultBucket) return bucket.peers.size();
        return 0;
    }

    std::unique_ptr<Store> store_ = Store::over(std::make_shared<kv::MemoryEnv>()).value();
    ReplicatorOptions options_;
    World world_;
    std::mt19937_64 random_{1};
    std::uint64_t now_ms_ = 1'000;
    LinkId last_link_ = 0;
    std::map<LinkId, std::shared_ptr<Policy>> policies_;
    std::optional<Replicator> replicator_;
    std::vector<LinkId> closed_;
    std::vector<std::pair<LinkId, wire::Message>> sent_;
    std::vector<Effects::Note> notes_;
};

TEST_F(Ghosts, OfOneKeyAreFewHoweverManyGreetOnOneLink) {
    assign("k", "v");
    const LinkId link = dial_in("reader");
    VersionVector wide = version();
    for (unsigned i = 1'000; i < 1'500; ++i) wide.raise(numbered(i), 1);
    for (unsigned i = 1; i <= 300; ++i) {
        greet(link, numbered(i));
        confirm(link, wide);
        if (i % 50 == 0) run(1'500);
    }
    run(2'000);
    EXPECT_LE(remembered(), 8U);
    EXPECT_LE(records().size(), 8U) << "those that are forgotten are taken out of the store";
    for (const PeerRecord& record : records()) {
        EXPECT_LE(record.acknowledged.size(), 1U);
        EXPECT_LE(record.settled.size(), 1U);
    }
    replicator_->link_down(link);
    run(2'000);
    EXPECT_LE(records().size(), 8U);
    // Those that were linked last are the ones that are known.
    const auto left = records();
    EXPECT_TRUE(std::any_of(left.begin(), left.end(),
                            [](const auto& record) { return record.replica == numbered(300); }));
    world_.owners.clear();
    run(2'000);
    EXPECT_TRUE(records().empty()) << "of a key that is not listed any more nothing is left";
}

TEST_F(Ghosts, OfOneKeyAreFewHoweverManyLinksItHas) {
    assign("k", "v");
    std::vector<LinkId> links;
    for (unsigned i = 1; i <= 40; ++i) {
        links.push_back(dial_in("reader"));
        greet(links.back(), numbered(i));
        confirm(links.back(), version());
    }
    run(2'000);
    EXPECT_LE(remembered(), 8U);
    // Another key has its own share.
    const LinkId other = dial_in("writer");
    greet(other, numbered(100));
    confirm(other, version());
    run(1'000);
    EXPECT_EQ(store_->confirmed(kDefaultBucket, version()).value(), 2U) << "two keys hold it";
    for (const LinkId link : links) replicator_->link_down(link);
    run(2'000);
    EXPECT_LE(remembered(), 9U);
}

TEST_F(Ghosts, OfAnEarlierRunAreForgottenInTheStore) {
    assign("k", "v");
    std::vector<PeerRecord> old(300);
    VersionVector wide = version();
    for (unsigned i = 1'000; i < 1'200; ++i) wide.raise(numbered(i), 1);
    for (unsigned i = 0; i < 300; ++i) {
        old[i].replica = numbered(i + 1);
        old[i].acknowledged = wide;
        world_.owners[numbered(i + 1)] = "reader";
    }
    store_->put_peers({{std::string(kDefaultBucket), old}}).value();
    replicator_.reset();
    start();
    run(3'000);
    EXPECT_LE(records().size(), 8U);
    EXPECT_LE(remembered(), 8U);
}

TEST_F(Ghosts, OfReadersHoldNothingBack) {
    remove("gone");
    ASSERT_EQ(removed(), 1U);
    std::vector<LinkId> links;
    for (unsigned i = 1; i <= 20; ++i) {
        links.push_back(dial_in("reader"));
        greet(links.back(), numbered(i));
    }
    run(3'000);
    EXPECT_EQ(removed(), 0U) << "they say nothing, and cannot have written anything";
}

TEST_F(Ghosts, OfWritersHoldBackWhatTheyMayNotHaveSeenWhileTheyAreLinked) {
    remove("gone");
    const LinkId link = dial_in("writer");
    greet(link, numbered(1));
    run(3'000);
    EXPECT_EQ(removed(), 1U) << "it may write, and the list of members may be late";
    replicator_->link_down(link);
    run(3'000);
    EXPECT_EQ(removed(), 0U);
    // More than are remembered of a key do not count.
    remove("too");
    std::vector<LinkId> links;
    for (unsigned i = 1; i <= 12; ++i) {
        links.push_back(dial_in("writer"));
        greet(links.back(), numbered(i));
        confirm(links.back(), version());
    }
    run(3'000);
    EXPECT_EQ(removed(), 0U);
}

TEST_F(Ghosts, MembersAreWaitedForWhateverTheyMay) {
    members::put(*store_, numbered(1), members::Standing::kMember).value();
    world_.owners[numbered(1)] = "reader";
    replicator_->local_commit();
    remove("gone");
    run(3'000);
    EXPECT_EQ(removed(), 1U);
    const LinkId link = dial_in("reader");
    greet(link, numbered(1));
    confirm(link, version());
    run(3'000);
    EXPECT_EQ(removed(), 0U);
}

TEST_F(Ghosts, OnlyHoldersCountForWait) {
    assign("k", "v");
    const LinkId sensor = dial_in("sensor");
    greet(sensor, numbered(1));
    confirm(sensor, version());
    run(1'000);
    EXPECT_EQ(store_->confirmed(kDefaultBucket, version()).value(), 0U)
        << "it may not read, so that it does not have it";
    for (unsigned i = 2; i <= 6; ++i) {
        const LinkId reader = dial_in("reader");
        greet(reader, numbered(i));
        confirm(reader, version());
    }
    run(1'000);
    EXPECT_EQ(store_->confirmed(kDefaultBucket, version()).value(), 1U);
    const auto known = records();
    EXPECT_TRUE(std::all_of(known.begin(), known.end(), [](const PeerRecord& record) {
        return record.peer == "sensor" ? !record.holds : record.peer == "reader" && record.holds;
    }));
}

TEST_F(Ghosts, OneKeyHasOneShareOfVectorEntriesOverAllItsLinks) {
    options_.peer_vector_entries = 1'000;
    replicator_.reset();
    start();
    assign("k", "v");
    VersionVector wide;
    for (unsigned i = 1'000; i < 1'400; ++i) wide.raise(numbered(i), 1);
    for (unsigned i = 1; i <= 5; ++i) {
        const LinkId link = dial_in("reader");
        greet(link, numbered(i));
        confirm(link, wide);
    }
    EXPECT_EQ(closed_.size(), 3U) << "two of them are within the bound";
    const LinkId other = dial_in("writer");
    greet(other, numbered(9));
    confirm(other, wide);
    EXPECT_EQ(closed_.size(), 3U) << "another key has its own";
}

TEST_F(Ghosts, TrimmedWordsAreNotPassedOn) {
    assign("k", "v");
    // The node's own events are by its own replica; this one is known as a member.
    members::put(*store_, numbered(1), members::Standing::kMember).value();
    replicator_->local_commit();
    const LinkId link = dial_in("writer");
    greet(link, numbered(1));
    const LinkId listener = dial_in("reader");
    greet(listener, numbered(2));
    confirm(listener, {});
    VersionVector more = version();
    more.raise(numbered(50), 3);
    confirm(link, more);
    run(2'000);
    const auto told = [&] {
        return std::any_of(sent_.begin(), sent_.end(), [&](const auto& sent) {
            return sent.first == listener &&
                   (std::holds_alternative<wire::Hearsay>(sent.second) ||
                    std::holds_alternative<wire::HearsayChange>(sent.second));
        });
    };
    EXPECT_FALSE(told()) << "it says less than the replica did";
    confirm(link, version());
    run(2'000);
    EXPECT_TRUE(told());
}

TEST_F(Ghosts, AClaimThatCannotBeSavedIsTriedAgainAndNotBelieved) {
    const LinkId link = dial_in("writer");
    policies_[link]->failing = ErrorCode::kIo;
    greet(link, numbered(1));
    greet(link, numbered(1));
    EXPECT_TRUE(replicator_->linked().empty());
    EXPECT_TRUE(closed_.empty()) << "a later greeting may be accepted";
    const auto told = std::count_if(notes_.begin(), notes_.end(), [](const Effects::Note& note) {
        return note.event == "claim.failed";
    });
    EXPECT_EQ(told, 1) << "and it is said once";
    policies_[link]->failing.reset();
    greet(link, numbered(1));
    EXPECT_EQ(replicator_->linked().size(), 1U);
    policies_[link]->failing = ErrorCode::kFull;
    greet(link, numbered(2));
    EXPECT_EQ(closed_.size(), 1U);
}

}  // namespace
}  // namespace kigumi
