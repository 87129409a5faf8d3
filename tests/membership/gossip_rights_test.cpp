#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "kigumi/daemon/membership.hpp"
#include "membership/swarm.hpp"
#include "membership_messages.hpp"

/// Whose word a failure detector believes when peers have keys.
namespace kigumi {
namespace {

using namespace membership;

constexpr std::uint64_t kDay = 86'400'000;
constexpr std::uint64_t kStart = 1'700'000'000'000;

ReplicaId id(std::size_t number) { return sim::Swarm::replica(number); }
std::string key(std::size_t number) { return "key" + std::to_string(number); }
Contact contact(std::size_t number) {
    return {id(number), "192.0.2.1:" + std::to_string(7000 + number), key(number), false};
}

/// Keys as a test lists them.
struct Policy : MembershipPolicy {
    std::set<std::string, std::less<>> listed;
    std::set<std::string, std::less<>> gossips;
    std::map<ReplicaId, std::string> owners;
    std::optional<ErrorCode> claims_fail;

    bool is_listed(std::string_view key) const override { return listed.contains(key); }
    bool may_gossip(std::string_view key) const override { return gossips.contains(key); }
    bool is_same_peer(std::string_view one, std::string_view other) const override {
        return one == other;
    }
    Result<void> claim(std::string_view key, const ReplicaId& replica) override {
        if (!may_own(key, replica)) return fail(ErrorCode::kInvalidArgument, "another's");
        if (claims_fail) return fail(*claims_fail, "not now");
        owners.emplace(replica, key);
        return {};
    }
    bool may_own(std::string_view key, const ReplicaId& replica) const override {
        const auto it = owners.find(replica);
        return it == owners.end() || it->second == key;
    }
};

/// Node 0, which lists the keys of 1 to 9; those of 1 and 2 may gossip.
class GossipRights : public testing::Test {
  protected:
    GossipRights() {
        for (std::size_t i = 1; i < 10; ++i) policy_->listed.insert(key(i));
        policy_->gossips = {key(1), key(2)};
        MembershipOptions options;
        auto generator = std::make_shared<sim::Random>(1);
        options.random = [generator] { return generator->next(); };
        node_.emplace(Member{contact(0), kStart, Liveness::kAlive, 0}, options, now_ms_, policy_);
    }
    Result<ReplicaId> say(std::size_t teller, std::vector<Claim> claims, Body body = Gossip{}) {
        return say({contact(teller), kStart, std::move(body), std::move(claims)}, key(teller));
    }
    Result<ReplicaId> say(const Message& message, const std::string& proved) {
        return node_->receive(encode(message), now_ms_, proved);
    }
    const Member* known(std::size_t number) {
        members_ = node_->members();
        const auto it = std::find_if(members_.begin(), members_.end(), [&](const Member& member) {
            return member.contact.replica == id(number);
        });
        return it == members_.end() ? nullptr : &*it;
    }

    std::shared_ptr<Policy> policy_ = std::make_shared<Policy>();
    std::uint64_t now_ms_ = 1'000;
    std::optional<Membership> node_;
    std::vector<Member> members_;
};

TEST_F(GossipRights, WithoutThemAPeerSpeaksOfItselfOnly) {
    ASSERT_TRUE(say(1, {{contact(3), kStart, Liveness::kAlive, {}}}));
    ASSERT_NE(known(3), nullptr);
    EXPECT_EQ(known(3)->told_by, key(1));
    ASSERT_TRUE(say(5, {{contact(3), kStart, Liveness::kLeft, {}},
                        {contact(3), kStart + 9, Liveness::kAlive, {}},
                        {contact(4), kStart, Liveness::kAlive, {}}}));
    EXPECT_EQ(known(3)->liveness, Liveness::kAlive);
    EXPECT_EQ(known(3)->incarnation, kStart);
    EXPECT_EQ(known(4), nullptr);
    EXPECT_EQ(node_->ignored_claims(), 3U);
    // Of itself it may say all, also that it leaves.
    ASSERT_NE(known(5), nullptr);
    EXPECT_EQ(known(5)->told_by, key(5));
    ASSERT_TRUE(say(5, {{contact(5), kStart, Liveness::kLeft, {}}}));
    EXPECT_EQ(known(5)->liveness, Liveness::kLeft);
    EXPECT_EQ(node_->ignored_claims(), 3U);
}

TEST_F(GossipRights, ItIsItselfAlsoUnderAnEarlierName) {
    ASSERT_TRUE(say(5, {}));
    Contact renamed = contact(5);
    renamed.replica = id(55);
    ASSERT_TRUE(
        say({renamed, kStart, Gossip{}, {{contact(5), kStart, Liveness::kLeft, {}}}}, key(5)));
    EXPECT_EQ(known(5)->liveness, Liveness::kLeft);
    EXPECT_NE(known(55), nullptr);
}

TEST_F(GossipRights, NobodyIsAnothersReplica) {
    ASSERT_TRUE(say(3, {}));
    Contact thief = contact(3);
    thief.key = key(4);
    EXPECT_FALSE(say({thief, kStart + 1, Gossip{}, {}}, key(4)));
    EXPECT_EQ(known(3)->contact.key, key(3));
    // Nor by hearsay, whoever tells it.
    ASSERT_TRUE(say(1, {{thief, kStart + 1, Liveness::kAlive, {}}}));
    EXPECT_EQ(known(3)->contact.key, key(3));
}

TEST_F(GossipRights, OnlyListedKeysAreRemembered) {
    Contact keyless = contact(6);
    keyless.key.clear();
    ASSERT_TRUE(say(
        1, {{keyless, kStart, Liveness::kAlive, {}}, {contact(20), kStart, Liveness::kAlive, {}}}));
    EXPECT_EQ(known(6), nullptr);
    EXPECT_EQ(known(20), nullptr);
    EXPECT_EQ(node_->ignored_claims(), 2U);
    ASSERT_TRUE(say(3, {}));
    policy_->listed.erase(key(3));
    node_->review();
    EXPECT_EQ(known(3), nullptr) << "nor once they are taken off the list";
    for (const auto& send : node_->take_actions().sends) EXPECT_NE(send.to.key, key(3));
}

TEST_F(GossipRights, AMemberCanDenyWhateverIsToldOfIt) {
    ASSERT_TRUE(say(3, {}));
    // Out of reach, and then as high as a trusted peer can make it.
    ASSERT_TRUE(say(1, {{contact(3), kMaxIncarnation, Liveness::kLeft, {}},
                        {contact(3), kStart + 2 * kDay, Liveness::kLeft, {}}}));
    EXPECT_EQ(known(3)->liveness, Liveness::kAlive);
    EXPECT_EQ(node_->ignored_claims(), 2U);
    ASSERT_TRUE(say({contact(1), kMaxIncarnation - 1, Gossip{}, {}}, key(1)));
    for (int round = 0; round < 1'000; ++round) {
        const std::uint64_t before = known(3)->incarnation;
        for (const std::uint64_t told :
             {kMaxIncarnation, kMaxIncarnation / 2 + kDay, kMaxIncarnation / 2, before + 1'000})
            ASSERT_TRUE(say(1, {{contact(3), told, Liveness::kLeft, {}}}));
        ASSERT_EQ(known(3)->liveness, Liveness::kLeft);
        ASSERT_LE(known(3)->incarnation, kMaxIncarnation / 2 + 3'000U * (round + 1));
        ASSERT_TRUE(say({contact(3), known(3)->incarnation + 1, Gossip{}, {}}, key(3)));
        ASSERT_EQ(known(3)->liveness, Liveness::kAlive);
    }
}

TEST_F(GossipRights, ANodeDeniesWhatIsToldOfItself) {
    // Others may believe anything of it that they were told before there were bounds.
    for (const std::uint64_t told :
         {kStart, kStart + 30 * kDay, kMaxToldIncarnation, kMaxToldIncarnation + 5'000}) {
        for (int i = 0; i < 20 && node_->self().incarnation <= told; ++i)
            ASSERT_TRUE(say(1, {{contact(0), told, Liveness::kLeft, {}}}));
        EXPECT_GT(node_->self().incarnation, told);
        EXPECT_LT(node_->self().incarnation, kMaxIncarnation - (std::uint64_t{1} << 50));
    }
}

TEST_F(GossipRights, WithoutThemAPeerCannotDriveANodesIncarnation) {
    for (int i = 0; i < 1'000; ++i) {
        ASSERT_TRUE(say(5, {{contact(0), kMaxIncarnation, Liveness::kLeft, {}},
                            {contact(0), node_->self().incarnation, Liveness::kSuspect, id(5)}}));
        now_ms_ += 10;
    }
    EXPECT_LE(node_->self().incarnation, kStart + 12);
    EXPECT_EQ(node_->self_doubt(), 0U) << "nor make it doubt itself";
    // But what it really believes is corrected.
    now_ms_ += 1'000;
    const std::uint64_t before = node_->self().incarnation;
    ASSERT_TRUE(say(5, {{contact(0), before, Liveness::kDown, {}}}));
    EXPECT_EQ(node_->self().incarnation, before + 1);
}

TEST_F(GossipRights, AWrongMessageIsAnsweredOnce) {
    ASSERT_TRUE(say(1, {}));
    static_cast<void>(node_->take_actions());
    std::vector<Claim> claims;
    for (std::uint64_t i = 0; i < 100; ++i)
        claims.push_back({contact(0), kStart + i, Liveness::kLeft, {}});
    ASSERT_TRUE(say(1, claims));
    EXPECT_EQ(node_->take_actions().sends.size(), 1U);
}

TEST_F(GossipRights, NobodyIsPingedWhereAnAskerSays) {
    ASSERT_TRUE(say(3, {}));
    static_cast<void>(node_->take_actions());
    Contact elsewhere = contact(3);
    elsewhere.address = "198.51.100.7:22";
    Contact nobody = contact(8);
    ASSERT_TRUE(say(1, {}, PingFor{1, elsewhere}));
    ASSERT_TRUE(say(1, {}, PingFor{2, nobody}));
    std::set<std::string> addresses;
    for (const auto& send : node_->take_actions().sends) addresses.insert(send.to.address);
    EXPECT_TRUE(addresses.contains(contact(3).address));
    EXPECT_FALSE(addresses.contains(elsewhere.address));
    EXPECT_FALSE(addresses.contains(nobody.address));
}

TEST_F(GossipRights, OneKeyTakesOnlySoMuchOfTheList) {
    for (std::size_t i = 0; i < 1'000; ++i) {
        Contact many = contact(5);
        many.replica = id(1'000 + i);
        ASSERT_TRUE(say({many, kStart, Gossip{}, {}}, key(5)));
    }
    EXPECT_EQ(node_->members().size(), 16U);
    EXPECT_EQ(node_->ignored_claims(), 984U);
}

TEST_F(GossipRights, WhoseClaimCannotBeSavedIsNotBelieved) {
    policy_->claims_fail = ErrorCode::kIo;
    const auto said = say(3, {});
    ASSERT_FALSE(said);
    EXPECT_EQ(said.error().code, ErrorCode::kIo);
    EXPECT_EQ(known(3), nullptr);
    policy_->claims_fail.reset();
    ASSERT_TRUE(say(3, {}));
    EXPECT_NE(known(3), nullptr);
}

}  // namespace
}  // namespace kigumi
