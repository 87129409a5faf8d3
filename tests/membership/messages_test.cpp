#include <gtest/gtest.h>

#include <algorithm>

#include "kigumi/daemon/membership.hpp"
#include "membership/swarm.hpp"
#include "membership_messages.hpp"

namespace kigumi {
namespace {

using namespace membership;

Contact contact(std::size_t number) {
    return {sim::Swarm::replica(number), "192.0.2.1:" + std::to_string(7000 + number), "key",
            number % 2 == 1};
}

std::vector<Message> examples() {
    const std::vector<Claim> claims{
        {contact(2), 7, Liveness::kAlive, {}},
        {contact(3), kMaxIncarnation, Liveness::kSuspect, sim::Swarm::replica(2)},
        {contact(4), 0, Liveness::kDown, {}},
        {contact(5), 1, Liveness::kLeft, {}}};
    return {{contact(1), 5, Ping{1, sim::Swarm::replica(2)}, claims},
            {contact(1), 5, PingFor{2, contact(2)}, {}},
            {contact(1), 5, Ack{3}, claims},
            {contact(1), 5, Nack{4}, {}},
            {contact(1), 5, Gossip{}, claims},
            {contact(1), 5, Exchange{true}, claims}};
}

/// A detector that knows nobody.
class Alone {
  public:
    explicit Alone(std::size_t max_members = 8) {
        MembershipOptions options;
        options.max_members = max_members;
        auto generator = std::make_shared<sim::Random>(1);
        options.random = [generator] { return generator->next(); };
        membership_ = std::make_unique<Membership>(Member{contact(0), 100, Liveness::kAlive, 0},
                                                   options, 1'000);
    }
    Result<ReplicaId> receive(const Message& message) {
        return membership_->receive(encode(message), 1'001);
    }
    Membership& operator*() { return *membership_; }
    Membership* operator->() { return membership_.get(); }
    /// Decoded.
    std::vector<Message> sent() {
        std::vector<Message> messages;
        for (const auto& send : membership_->take_actions().sends)
            messages.push_back(decode(send.message).value());
        return messages;
    }

  private:
    std::unique_ptr<Membership> membership_;
};

TEST(MembershipMessages, KeepWhatTheySay) {
    for (const Message& message : examples()) {
        const std::string bytes = encode(message);
        EXPECT_TRUE(is_control_message(bytes));
        const Message again = decode(bytes).value();
        EXPECT_EQ(encode(again), bytes);
        EXPECT_EQ(again.sender, message.sender);
        EXPECT_EQ(again.claims, message.claims);
        EXPECT_EQ(again.body.index(), message.body.index());
    }
}

TEST(MembershipMessages, RefuseWhatIsCutOrChanged) {
    for (const Message& message : examples()) {
        const std::string bytes = encode(message);
        for (std::size_t size = 0; size < bytes.size(); ++size)
            EXPECT_FALSE(decode(std::string_view(bytes).substr(0, size)));
        EXPECT_FALSE(decode(bytes + '\0'));
    }
}

TEST(MembershipMessages, RefuseWhatNobodyCanMean) {
    const auto refused = [](const Message& message) { return !decode(encode(message)); };
    Message nobody{contact(1), 5, Gossip{}, {}};
    nobody.sender.replica = {};
    EXPECT_TRUE(refused(nobody));
    Message nowhere{contact(1), 5, Gossip{}, {}};
    nowhere.sender.address.clear();
    EXPECT_TRUE(refused(nowhere));
    nowhere.sender.address = "two words:1";
    EXPECT_TRUE(refused(nowhere));
    nowhere.sender.address.assign(kMaxAddressBytes + 1, 'a');
    EXPECT_TRUE(refused(nowhere));
    EXPECT_TRUE(refused({contact(1), kMaxIncarnation + 1, Gossip{}, {}}));
    EXPECT_TRUE(refused({contact(1), 1, Gossip{}, {{contact(2), 1, Liveness::kSuspect, {}}}}));
    EXPECT_TRUE(
        refused({contact(1), 1, Gossip{}, {{contact(2), 1, Liveness::kDown, contact(3).replica}}}));
}

TEST(MembershipMessages, AreToldFromThoseOfReplication) {
    EXPECT_FALSE(is_control_message(""));
    EXPECT_FALSE(is_control_message("\x91"));
    EXPECT_FALSE(is_control_message(std::string_view("\x91\x01", 2)));
    EXPECT_FALSE(is_control_message(std::string_view("\x94\x00", 2)));
    EXPECT_FALSE(is_control_message(std::string_view("\xc1\x40", 2)));
}

TEST(MembershipMessages, APingForAFormerOwnerOfTheAddressIsNotAnswered) {
    Alone node;
    ASSERT_TRUE(node.receive({contact(1), 5, Ping{1, contact(9).replica}, {}}));
    EXPECT_TRUE(node.sent().empty());
    ASSERT_TRUE(node.receive({contact(1), 5, Ping{2, contact(0).replica}, {}}));
    const auto sent = node.sent();
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(std::get<Ack>(sent[0].body).number, 2U);
}

TEST(MembershipMessages, WhoIsSuspectedDeniesIt) {
    Alone node;
    const Claim accusation{contact(0), 100, Liveness::kSuspect, contact(1).replica};
    ASSERT_TRUE(node.receive({contact(1), 5, Gossip{}, {accusation}}));
    EXPECT_EQ(node->self().incarnation, 101U);
    EXPECT_EQ(node->self_doubt(), 1U);
    const auto sent = node.sent();
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(sent[0].incarnation, 101U);
    // What was said of an earlier incarnation is denied already.
    ASSERT_TRUE(node.receive({contact(1), 5, Gossip{}, {accusation}}));
    EXPECT_EQ(node->self().incarnation, 101U);
}

TEST(MembershipMessages, AnIncarnationAtTheEndOfAllIsDeniedAsFarAsItGoes) {
    Alone node;
    ASSERT_TRUE(node.receive(
        {contact(1), 5, Gossip{}, {{contact(0), kMaxIncarnation, Liveness::kDown, {}}}}));
    for (const Message& message : node.sent()) EXPECT_LE(message.incarnation, kMaxIncarnation);
}

TEST(MembershipMessages, NewerWordsReplaceOlderOnesInWhateverOrderTheyCome) {
    const std::vector<Claim> claims{{contact(2), 1, Liveness::kAlive, {}},
                                    {contact(2), 1, Liveness::kSuspect, contact(3).replica},
                                    {contact(2), 1, Liveness::kDown, {}},
                                    {contact(2), 2, Liveness::kAlive, {}},
                                    {contact(2), 2, Liveness::kSuspect, contact(3).replica}};
    std::vector<std::size_t> order{0, 1, 2, 3, 4};
    do {
        Alone node;
        ASSERT_TRUE(node.receive({contact(1), 1, Gossip{}, {claims[0]}}));
        for (const std::size_t i : order)
            ASSERT_TRUE(node.receive({contact(1), 1, Gossip{}, {claims[i]}}));
        const auto members = node->members();
        const auto it = std::find_if(members.begin(), members.end(), [](const Member& member) {
            return member.contact == contact(2);
        });
        ASSERT_NE(it, members.end());
        EXPECT_EQ(it->incarnation, 2U);
        EXPECT_EQ(it->liveness, Liveness::kSuspect);
    } while (std::next_permutation(order.begin(), order.end()));
}

TEST(MembershipMessages, WhoIsNotRememberedIsNotRememberedAsDown) {
    Alone node;
    ASSERT_TRUE(node.receive({contact(1), 1, Exchange{}, {{contact(2), 1, Liveness::kDown, {}}}}));
    EXPECT_EQ(node->members().size(), 1U);
}

TEST(MembershipMessages, TheListIsBoundedAndTheGoneMakeRoom) {
    Alone node(4);
    Message many{contact(1), 1, Gossip{}, {}};
    for (std::size_t i = 2; i < 20; ++i)
        many.claims.push_back({contact(i), 1, Liveness::kAlive, {}});
    ASSERT_TRUE(node.receive(many));
    EXPECT_EQ(node->members().size(), 4U);
    ASSERT_TRUE(node.receive({contact(1), 1, Gossip{}, {{contact(2), 1, Liveness::kLeft, {}}}}));
    ASSERT_TRUE(node.receive({contact(1), 1, Gossip{}, {{contact(19), 1, Liveness::kAlive, {}}}}));
    const auto members = node->members();
    EXPECT_EQ(members.size(), 4U);
    EXPECT_TRUE(std::any_of(members.begin(), members.end(),
                            [](const Member& member) { return member.contact == contact(19); }));
}

TEST(MembershipMessages, ALeavingNodeSaysSoAndNothingElse) {
    Alone node;
    ASSERT_TRUE(node.receive({contact(1), 1, Gossip{}, {}}));
    static_cast<void>(node.sent());
    node->leave();
    const auto sent = node.sent();
    ASSERT_EQ(sent.size(), 1U);
    ASSERT_EQ(sent[0].claims.size(), 1U);
    EXPECT_EQ(sent[0].claims[0].liveness, Liveness::kLeft);
    EXPECT_EQ(sent[0].claims[0].contact, contact(0));
    ASSERT_TRUE(node.receive({contact(1), 5, Ping{2, contact(0).replica}, {}}));
    node->tick(60'000);
    EXPECT_TRUE(node.sent().empty());
}

TEST(MembershipMessages, AnotherNameLeavesTheOldOneBehind) {
    Alone node;
    ASSERT_TRUE(node.receive({contact(1), 1, Gossip{}, {}}));
    node->rename(contact(7).replica);
    ASSERT_TRUE(node.receive({contact(1), 1, Ping{3, contact(7).replica}, {}}));
    const auto sent = node.sent();
    ASSERT_EQ(sent.size(), 1U);
    EXPECT_EQ(sent[0].sender.replica, contact(7).replica);
    const auto says = [&sent](std::size_t replica, Liveness liveness) {
        const auto& claims = sent[0].claims;
        return std::any_of(claims.begin(), claims.end(), [&](const Claim& claim) {
            return claim.contact.replica == contact(replica).replica && claim.liveness == liveness;
        });
    };
    EXPECT_TRUE(says(0, Liveness::kLeft));
    EXPECT_TRUE(says(7, Liveness::kAlive));
}

TEST(MembershipMessages, TheSenderNamesTheKeyThatItsConnectionHasShown) {
    Alone node;
    const std::string bytes = encode({contact(1), 1, Gossip{}, {}});
    EXPECT_FALSE(node->receive(bytes, 1'001, "another key"));
    EXPECT_TRUE(node->members().empty());
    EXPECT_TRUE(node->receive(bytes, 1'001, "key"));
    EXPECT_EQ(node->members().size(), 1U);
}

TEST(MembershipMessages, AWholeListIsNotSentAgainAtOnce) {
    Alone node;
    ASSERT_TRUE(node.receive({contact(1), 1, Exchange{true}, {}}));
    EXPECT_EQ(node.sent().size(), 1U);
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(node.receive({contact(1), 1, Exchange{true}, {}}));
    EXPECT_TRUE(node.sent().empty());
}

}  // namespace
}  // namespace kigumi
