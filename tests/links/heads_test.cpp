#include <gtest/gtest.h>

#include <algorithm>

#include "kigumi/replication/members.hpp"
#include "protocol/messages.hpp"
#include "replicator_network.hpp"
#include "signatures.hpp"

/// A store that went back in place, and how it finds out; and what does not make it believe so.
namespace kigumi {
namespace {

const std::string kBucket(kDefaultBucket);

class HeadsOnLinks : public testing::Test {
  protected:
    void make(std::size_t nodes, const std::vector<std::pair<std::size_t, std::size_t>>& links,
              const ReplicatorOptions& options = {}) {
        for (std::size_t i = 0; i < nodes; ++i) network_.add(options);
        for (const auto& [dialler, acceptor] : links) network_.connect(dialler, acceptor, 5);
        for (std::size_t i = 0; i < nodes; ++i) network_.write(i, "own" + std::to_string(i), "1");
        ASSERT_TRUE(settled());
    }
    bool converged() {
        for (std::size_t i = 1; i < size(); ++i)
            if (network_.version(i) != network_.version(0)) return false;
        return true;
    }
    bool settled() {
        return network_.run_until([&] { return converged(); }, 30'000);
    }
    std::size_t size() const { return size_; }
    ReplicaId id(std::size_t node) { return network_.store(node).replica().value(); }
    std::vector<KeyedRow> rows(std::size_t node) {
        std::vector<KeyedRow> rows;
        network_.store(node)
            .read(kBucket)
            ->scan({},
                   [&](const RowKey& at, const Row& row) {
                       rows.push_back({at, row});
                       return true;
                   })
            .value();
        return rows;
    }
    std::string text(std::size_t node, const std::string& key) {
        const auto value = network_.store(node).read(kBucket)->reg(key).get().value();
        const auto* const text = value ? value->get_if<std::string>() : nullptr;
        return text != nullptr ? *text : "nothing";
    }
    bool identical() {
        for (std::size_t i = 1; i < size(); ++i)
            if (rows(i) != rows(0)) return false;
        return true;
    }
    std::size_t notes(std::size_t node, const std::string& event) {
        const auto& all = network_.notes(node);
        return static_cast<std::size_t>(std::count_if(
            all.begin(), all.end(), [&](const auto& note) { return note.event == event; }));
    }
    void write_some(std::size_t node, const std::string& prefix, int count) {
        for (int i = 0; i < count; ++i) network_.write(node, prefix + std::to_string(i), prefix);
    }
    bool renewed(std::size_t node, const ReplicaId& old, std::uint64_t ms = 10'000) {
        return network_.run_until([&] { return id(node) != old; }, ms);
    }
    std::string heads(const std::vector<Head>& heads) {
        return wire::encode(wire::Heads{kBucket, heads});
    }

    static ReplicatorOptions with_audits() {
        ReplicatorOptions options;
        options.audit_ms = 5'000;
        return options;
    }
    /// The first of two nodes goes back, writes more than it has lost, and meets the second.
    void expect_fork_heals() {
        const ReplicaId old = id(0);
        const auto snapshot = network_.state(0);
        write_some(0, "lost", 5);
        ASSERT_TRUE(settled());
        network_.stop(1);
        network_.restart(0, snapshot);
        write_some(0, "again", 8);
        network_.stop(1, false);
        ASSERT_TRUE(renewed(0, old, 30'000));
        ASSERT_TRUE(network_.run_until([&] { return converged() && identical(); }, 120'000));
        for (const std::size_t node : {0, 1}) {
            for (int i = 0; i < 5; ++i) EXPECT_EQ(text(node, "lost" + std::to_string(i)), "lost");
            for (int i = 0; i < 8; ++i) EXPECT_EQ(text(node, "again" + std::to_string(i)), "again");
            EXPECT_TRUE(network_.store(node).read(kBucket)->check_log());
        }
    }

    std::size_t size_ = 2;
    ReplicatorNetwork network_;
};

TEST_F(HeadsOnLinks, ComeWithPushesAndAreKept) {
    make(2, {{1, 0}});
    write_some(0, "key", 3);
    ASSERT_TRUE(settled());
    const auto kept = network_.store(1).read(kBucket)->head(id(0)).value();
    ASSERT_TRUE(kept);
    EXPECT_EQ(kept->counter, network_.version(0)[id(0)]);
    EXPECT_EQ(network_.store(0).check_head(kBucket, *kept).value(), HeadStanding::kOnChain);
}

TEST_F(HeadsOnLinks, ComeWithPullsAndThroughOthers) {
    size_ = 3;
    make(3, {{1, 0}, {2, 1}});
    network_.stop(2);
    for (int i = 0; i < 30; ++i)
        network_.write(0, "k" + std::to_string(i), std::string(20'000, 'x'));
    network_.run_for(20'000);
    network_.stop(2, false);
    ASSERT_TRUE(network_.run_until([&] { return converged(); }, 120'000));
    for (const std::size_t node : {1, 2}) {
        const auto kept = network_.store(node).read(kBucket)->head(id(0)).value();
        ASSERT_TRUE(kept) << node;
        EXPECT_EQ(kept->counter, network_.version(0)[id(0)]) << node;
        EXPECT_TRUE(is_sound(kBucket, *kept));
    }
}

TEST_F(HeadsOnLinks, AreNotSentToANodeThatDoesNotKnowThem) {
    // What tells that this node understands heads never comes, as if it were of an earlier version.
    std::size_t shown = 0;
    network_.passes = [&shown](std::size_t from, std::size_t, const std::string& bytes) {
        const auto message = wire::decode(bytes);
        const auto* const cancel = std::get_if<wire::Cancel>(&*message);
        if (from == 1 && cancel != nullptr && cancel->session == 0) return false;
        if (from == 0)
            std::visit(
                [&shown](const auto& body) {
                    if constexpr (requires { body.heads; }) shown += body.heads.size();
                },
                *message);
        return true;
    };
    make(2, {{1, 0}});
    write_some(0, "key", 3);
    ASSERT_TRUE(settled());
    network_.run_for(5'000);
    EXPECT_EQ(shown, 0U);
    EXPECT_FALSE(network_.store(1).read(kBucket)->head(id(0)).value());
}

TEST_F(HeadsOnLinks, MakeAStoreThatWentBackTakeANewIdentity) {
    make(2, {{1, 0}});
    const ReplicaId old = id(0);
    const auto snapshot = network_.state(0);
    write_some(0, "lost", 5);
    ASSERT_TRUE(settled());
    network_.restart(0, snapshot);
    ASSERT_TRUE(renewed(0, old));
    EXPECT_EQ(notes(0, "identity.renewed"), 1U);
    EXPECT_EQ(network_.replicator(0).status().counters.renewals, 1U);
    ASSERT_TRUE(settled());
    EXPECT_TRUE(identical());
    // Once is enough.
    const ReplicaId fresh = id(0);
    write_some(0, "new", 5);
    network_.run_for(120'000);
    EXPECT_EQ(id(0), fresh);
    for (const std::size_t node : {0, 1})
        EXPECT_EQ(members::list(network_.store(node)).value().at(old), members::Standing::kRetired);
    EXPECT_TRUE(converged());
}

TEST_F(HeadsOnLinks, FindAStoreThatWentBackAndWroteMore) {
    make(2, {{0, 1}}, with_audits());
    expect_fork_heals();
}

TEST_F(HeadsOnLinks, FindAStoreThatWentBackAndIsAskedInAudits) {
    make(2, {{1, 0}}, with_audits());
    expect_fork_heals();
}

TEST_F(HeadsOnLinks, AreNotHiddenByWhatComesThroughAThird) {
    // 1 has seen what 0 lost, and hears of the other branch from 2 before it meets 0 again.
    size_ = 3;
    make(3, {{1, 0}, {2, 0}, {2, 1}});
    const ReplicaId old = id(0);
    const auto snapshot = network_.state(0);
    const auto of_two = network_.state(2);
    write_some(0, "lost", 5);
    ASSERT_TRUE(settled());
    // 2 goes back as well: it has not seen what 0 lost.
    network_.stop(1);
    network_.restart(2, of_two);
    network_.restart(0, snapshot);
    write_some(0, "again", 9);
    bool apart = true;
    network_.passes = [&apart](std::size_t from, std::size_t to, const std::string&) {
        return !apart || from + to != 1;
    };
    network_.run_for(5'000);
    network_.stop(1, false);
    // Not all that the other branch wrote is new to 1; what is comes from 2.
    network_.run_for(20'000);
    EXPECT_EQ(id(0), old) << "nobody has shown it anything yet";
    EXPECT_EQ(network_.version(1)[old], network_.version(0)[old]);
    apart = false;
    EXPECT_TRUE(renewed(0, old, 30'000));
}

TEST_F(HeadsOnLinks, AreTheOnlyReasonToRenewAnIdentity) {
    make(2, {{1, 0}});
    const ReplicaId self = id(0);
    for (std::uint64_t i = 0; i < 100; ++i) {
        wire::Digest digest;
        digest.versions.emplace_back(kBucket, VersionVector{{self, 1'000 + i}});
        network_.inject(1, 0, wire::encode(digest));
        wire::Push push{kBucket, {{self, 500 + i}}, {{self, 1'000 + i}}, {}, {}};
        network_.inject(1, 0, wire::encode(push));
        network_.inject(1, 0, wire::encode(wire::Hearsay{kBucket, {{self, {{self, 1'000 + i}}}}}));
        network_.run_for(50);
    }
    EXPECT_EQ(id(0), self);
    EXPECT_EQ(network_.version(0)[self], 1U);
    EXPECT_EQ(network_.version(0).size(), 2U);
    EXPECT_GE(network_.replicator(0).status().counters.identity_claims, 100U);
    EXPECT_EQ(notes(0, "identity.claimed"), 1U) << "it is not written a hundred times";
    write_some(0, "after", 3);
    EXPECT_TRUE(settled());
}

TEST_F(HeadsOnLinks, ThatNobodySignedChangeNothing) {
    make(2, {{1, 0}});
    const ReplicaId self = id(0);
    const Head own = network_.store(0).read(kBucket)->head(self).value().value();
    Head ahead = own;
    ahead.counter += 100;
    Head other = own;
    other.hash[3] ^= 1;
    const Head foreign = network_.store(1).read(kBucket)->head(id(1)).value().value();
    for (int i = 0; i < 10; ++i) {
        network_.inject(1, 0, heads({ahead, other}));
        network_.inject(1, 0, heads({foreign, own}));
        network_.run_for(100);
    }
    EXPECT_EQ(id(0), self);
    EXPECT_EQ(network_.replicator(0).status().counters.unsound_heads, 20U);
    EXPECT_EQ(network_.replicator(0).status().counters.renewals, 0U);
}

TEST_F(HeadsOnLinks, RenewAtMostOncePerPause) {
    make(2, {{1, 0}});
    const auto snapshot = network_.state(0);
    const ReplicaId first = id(0);
    write_some(0, "lost", 3);
    ASSERT_TRUE(settled());
    network_.restart(0, snapshot);
    ASSERT_TRUE(renewed(0, first));
    ASSERT_TRUE(settled());
    // A twin uses the new key as well, and what it signed is shown.
    const ReplicaId second = id(0);
    write_some(0, "more", 1);
    auto twin_env = std::make_shared<kv::MemoryEnv>();
    twin_env->restore(network_.state(0));
    const auto twin = Store::over(twin_env, {}).value();
    {
        auto tx = twin->write(kBucket).value();
        tx.reg("twin").assign("1").value();
        tx.commit().value();
    }
    const Head evidence = twin->read(kBucket)->head(second).value().value();
    network_.inject(1, 0, heads({evidence}));
    network_.run_for(20'000);
    EXPECT_EQ(id(0), second) << "a minute has not passed";
    EXPECT_TRUE(renewed(0, second, 60'000)) << "and it is not forgotten";
}

}  // namespace
}  // namespace kigumi
