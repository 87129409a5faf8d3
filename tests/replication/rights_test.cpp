#include "rightful.hpp"

namespace kigumi {
namespace {

TEST_F(Rightful, PeersWithAllRightsConverge) {
    link(a_, b_, policy({}), policy({}));
    a_.write("x", "from a");
    b_.write("y", "from b");
    run(2'000);
    EXPECT_EQ(b_.get("x"), "from a");
    EXPECT_EQ(a_.get("y"), "from b");
    EXPECT_EQ(a_.noted("peer.denied") + b_.noted("peer.denied"), 0U);
}

TEST_F(Rightful, AReaderGetsEverythingAndBringsNothing) {
    link(b_, a_, policy({}), policy({true, false, false}));
    a_.write("x", "from a");
    b_.write("x", "from b");
    run(5'000);
    b_.write("y", "more from b");
    run(3'000);
    EXPECT_EQ(a_.get("x"), "from a");
    EXPECT_EQ(a_.get("y"), "");
    EXPECT_EQ(a_.version()[b_.id()], 0U);
    EXPECT_EQ(b_.version()[a_.id()], a_.version()[a_.id()]);
    EXPECT_GE(a_.noted("peer.denied"), 1U);
    EXPECT_EQ(a_.noted("peer.refused"), 0U) << "the link goes on";
}

TEST_F(Rightful, AWriterThatMayNotReadIsPulledFromAndToldNothing) {
    auto of_b = policy({false, true, false});
    link(b_, a_, policy({}), of_b);
    a_.write("x", "secret");
    b_.write("y", "from b");
    run(5'000);
    EXPECT_EQ(a_.get("y"), "from b");
    EXPECT_EQ(b_.get("x"), "");
    EXPECT_EQ(b_.version()[a_.id()], 0U);
}

TEST_F(Rightful, RightsAreByBucket) {
    auto of_b = policy(Rights::none());
    of_b->by_bucket[kBucket] = Rights();
    link(b_, a_, policy({}), of_b);
    a_.write("x", "open");
    a_.write("x", "closed", "wages");
    b_.write("y", "mine", "wages");
    run(5'000);
    EXPECT_EQ(b_.get("x"), "open");
    EXPECT_EQ(b_.get("x", "wages"), "");
    EXPECT_EQ(a_.get("y", "wages"), "");
}

TEST_F(Rightful, WhoMayNotRelayBringsItsOwnEventsOnly) {
    // c - b - a, where b may not relay to a.
    auto of_b = policy({true, true, false});
    link(c_, b_, policy({}), policy({}));
    link(b_, a_, policy({}), of_b);
    c_.write("x", "from c");
    run(3'000);
    EXPECT_EQ(b_.get("x"), "from c");
    EXPECT_EQ(a_.get("x"), "");
    // What b writes now depends on what a must not take from it.
    b_.write("x", "from b");
    run(3'000);
    EXPECT_EQ(a_.get("x"), "");
    EXPECT_TRUE(a_.version()[c_.id()] == 0 && a_.version()[b_.id()] == 0);
    // As soon as it comes from where it may come from, both are there.
    link(c_, a_, policy({}), policy({}));
    run(5'000);
    EXPECT_EQ(a_.get("x"), "from b");
    EXPECT_EQ(a_.version(), b_.version());
    a_.store->read()->check_log().value();
}

TEST_F(Rightful, AMeshOfPeersThatMayNotRelayConverges) {
    const Rights direct{true, true, false};
    link(a_, b_, policy(direct), policy(direct));
    link(b_, c_, policy(direct), policy(direct));
    link(a_, c_, policy(direct), policy(direct));
    for (int i = 0; i < 30; ++i) {
        a_.write("x" + std::to_string(i % 5), "a" + std::to_string(i));
        b_.write("x" + std::to_string(i % 7), "b" + std::to_string(i));
        c_.write("x" + std::to_string(i % 3), "c" + std::to_string(i));
        run(50);
    }
    run(5'000);
    EXPECT_EQ(a_.version(), b_.version());
    EXPECT_EQ(b_.version(), c_.version());
    for (int i = 0; i < 7; ++i) {
        const std::string key = "x" + std::to_string(i);
        EXPECT_EQ(a_.get(key), b_.get(key));
        EXPECT_EQ(b_.get(key), c_.get(key));
    }
}

TEST_F(Rightful, ForgedRelaysAreRefusedWhole) {
    link(c_, a_, policy({}), policy({}));
    c_.write("x", "true");
    run(1'000);
    ASSERT_EQ(a_.get("x"), "true");
    const VersionVector before = a_.version();
    const ReplicaId intruder(ReplicaId::Bytes{0xEE});
    intrude(a_, policy({true, true, false}), intruder);
    // A new event in c's name, beside one of its own.
    Row row;
    row.insert({Dot{c_.id(), before[c_.id()] + 1}, Hlc::at_ms(1), Value("forged")});
    Row own;
    own.insert({Dot{intruder, 1}, Hlc::at_ms(1), Value("own")});
    VersionVector version = before;
    version.raise(c_.id(), before[c_.id()] + 1);
    version.raise(intruder, 1);
    say(a_, wire::Push{kBucket,
                       before,
                       version,
                       {},
                       encode_batch({{{"own", Type::kRegister, {}}, own},
                                     {{"x", Type::kRegister, {}}, row}})});
    EXPECT_EQ(a_.get("x"), "true");
    EXPECT_EQ(a_.get("own"), "");
    EXPECT_EQ(a_.version(), before);
    EXPECT_EQ(a_.noted("peer.denied"), 1U);
}

TEST_F(Rightful, APushDropsNothingFromRowsThatItsSenderHasNotWritten) {
    a_.write("z", "first");
    a_.write("x", "kept");
    run(100);
    const VersionVector before = a_.version();
    const ReplicaId intruder(ReplicaId::Bytes{0xEE});
    intrude(a_, policy({true, true, false}), intruder);
    // "x" without its value, beside a write of its own in another row.
    Row own;
    own.insert({Dot{intruder, 1}, Hlc::at_ms(1), Value("own")});
    Row emptied;
    emptied.insert({Dot{a_.id(), 1}, Hlc::at_ms(1), Value("nothing")});
    VersionVector version = before;
    version.raise(intruder, 1);
    say(a_, wire::Push{kBucket,
                       before,
                       version,
                       {},
                       encode_batch({{{"own", Type::kRegister, {}}, own},
                                     {{"x", Type::kRegister, {}}, emptied}})});
    run(100);
    EXPECT_EQ(a_.get("x"), "kept");
    a_.store->read()->check_log().value();
}

TEST_F(Rightful, AFullAnswerTakesARelay) {
    a_.write("x", "kept");
    run(100);
    const ReplicaId intruder(ReplicaId::Bytes{0xEE});
    intrude(a_, policy({true, true, false}), intruder);
    VersionVector version = a_.version();
    version.raise(intruder, 1);
    say(a_, wire::Digest{{{kBucket, version}}});
    run(200);
    const wire::Pull* pull = nullptr;
    for (const auto& message : heard_)
        if (const auto* const asked = std::get_if<wire::Pull>(&message)) pull = asked;
    ASSERT_NE(pull, nullptr);
    // Everything is gone, it says.
    say(a_, wire::Done{pull->session, 1, 0, version, {}, true});
    EXPECT_EQ(a_.get("x"), "kept");
    EXPECT_GE(a_.noted("peer.denied"), 1U);
}

TEST_F(Rightful, AuditsOfWhoMayNotRelayBringNothing) {
    a_.write("x", "kept");
    run(100);
    const VersionVector before = a_.version();
    const ReplicaId intruder(ReplicaId::Bytes{0xEE});
    intrude(a_, policy({true, true, false}), intruder);
    Row row;
    row.insert({Dot{a_.id(), 1}, Hlc::at_ms(1), Value("forged")});
    say(a_, wire::AuditRows{
                kBucket, before, {}, encode_batch({{{"forged", Type::kRegister, {}}, row}})});
    EXPECT_EQ(a_.get("forged"), "");
    EXPECT_EQ(a_.noted("peer.denied"), 1U);
}

TEST_F(Rightful, WhoMayNotReadIsAnsweredAsIfThereWereNothing) {
    a_.write("x", "secret");
    run(100);
    intrude(a_, policy({false, true, true}), ReplicaId(ReplicaId::Bytes{0xEE}));
    run(2'000);
    heard_.clear();
    say(a_, wire::Pull{kBucket, 7, {}, 1'000'000, std::nullopt});
    say(a_, wire::Pull{"no such bucket", 8, {}, 1'000'000, std::nullopt});
    say(a_, wire::Audit{kBucket, 9, {}, {}, {}, 1, 1});
    run(2'000);
    std::vector<std::string> reasons;
    for (const auto& message : heard_) {
        // Session 0 is no pull: it tells what a node understands.
        const auto* const cancel = std::get_if<wire::Cancel>(&message);
        if (cancel != nullptr && cancel->session != 0) reasons.push_back(cancel->reason);
        EXPECT_FALSE(std::holds_alternative<wire::Push>(message));
        EXPECT_FALSE(std::holds_alternative<wire::Chunk>(message));
        EXPECT_FALSE(std::holds_alternative<wire::AuditAnswer>(message));
        EXPECT_FALSE(std::holds_alternative<wire::Hearsay>(message));
        if (const auto* const digest = std::get_if<wire::Digest>(&message)) {
            for (const auto& [name, version] : digest->versions) EXPECT_NE(name, kBucket);
        }
    }
    EXPECT_EQ(reasons, (std::vector<std::string>{"no such bucket", "no such bucket"}));
}

TEST_F(Rightful, AReplicaOfSomebodyElseIsRefused) {
    auto thief = policy({});
    thief->taken.insert(c_.id());
    intrude(a_, thief, c_.id());
    EXPECT_TRUE(closed_.contains(1'000));
    EXPECT_EQ(a_.noted("peer.up"), 0U);
}

TEST_F(Rightful, ClustersRefuseEachOtherAndSaySo) {
    Node red("red");
    Node blue("blue");
    nodes_ = {&red, &blue};
    link(red, blue, nullptr, nullptr);
    red.write("x", "red");
    run(1'000);
    EXPECT_EQ(blue.get("x"), "");
    for (const Node* const node : {&red, &blue}) {
        EXPECT_GE(node->noted("peer.refused"), 1U);
        EXPECT_EQ(node->noted("peer.up"), 0U);
        for (const auto& note : node->notes)
            if (note.event == "peer.refused") {
                EXPECT_NE(note.detail.find("belongs to cluster"), std::string::npos) << note.detail;
            }
    }
}

}  // namespace
}  // namespace kigumi
