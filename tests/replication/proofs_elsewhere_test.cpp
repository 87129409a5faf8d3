#include "rightful.hpp"

/// Proofs that are checked outside of the event that brings them.
namespace kigumi {
namespace {

class ProofsElsewhere : public Rightful {
  protected:
    void SetUp() override {
        ReplicatorOptions options;
        options.proofs_elsewhere = true;
        a_.start({}, options);
        a_.store->sign_bucket(kBucket).value();
        b_.store->sign_bucket(kBucket).value();
        link(b_, a_, policy({}), policy({}));
        run(1'000);
    }
    /// Checks what the node wants checked, and tells it.
    void check() {
        for (const Effects::Check& check : std::exchange(a_.checks, {}))
            a_.replicator->proofs_checked(
                check.id, a_.store->check_proofs(check.bucket, *check.rows), now_ms_);
        a_.replicator->flush(now_ms_);
        take(a_);
    }
};

TEST_F(ProofsElsewhere, APushWaitsForTheOutcome) {
    b_.write("x", "signed");
    run(500);
    ASSERT_EQ(a_.checks.size(), 1U);
    EXPECT_EQ(a_.get("x"), "");
    EXPECT_EQ(a_.version()[b_.id()], 0U);
    check();
    EXPECT_EQ(a_.get("x"), "signed");
}

TEST_F(ProofsElsewhere, APullWaitsForTheOutcomes) {
    // More than is pushed.
    auto tx = b_.store->write(kBucket).value();
    for (int i = 0; i < 400; ++i)
        tx.reg("k" + std::to_string(i)).assign(Value(std::string(1'000, 'x'))).value();
    tx.commit().value();
    b_.replicator->local_commit();
    run(1'500);
    ASSERT_GT(a_.checks.size(), 1U);
    EXPECT_EQ(a_.version()[b_.id()], 0U) << "the end of the answer came, and waits";
    // It does not count as a peer that says nothing.
    run(20'000);
    for (int i = 0; i < 50 && a_.version()[b_.id()] == 0; ++i) {
        check();
        run(100);
    }
    EXPECT_EQ(a_.version()[b_.id()], 400U);
    EXPECT_EQ(a_.noted("breaker.open"), 0U);
    a_.store->read()->check_log().value();
}

TEST_F(ProofsElsewhere, WhatIsNotProvenIsNotTaken) {
    const ReplicaId intruder(ReplicaId::Bytes{0xEE});
    intrude(a_, policy({true, true, false}), intruder);
    Row row;
    row.insert({Dot{intruder, 1}, Hlc::at_ms(1), Value("forged")});
    say(a_,
        wire::Push{
            kBucket, {}, {{intruder, 1}}, {}, encode_batch({{{"x", Type::kRegister, {}}, row}})});
    ASSERT_EQ(a_.checks.size(), 1U);
    check();
    EXPECT_EQ(a_.get("x"), "");
    EXPECT_TRUE(closed_.contains(1'000)) << "a peer that brings its own writes made this one";
}

TEST_F(ProofsElsewhere, WhatWaitsIsBounded) {
    const ReplicaId intruder(ReplicaId::Bytes{0xEE});
    intrude(a_, policy({true, true, false}), intruder);
    for (std::uint64_t i = 0; i < 40; ++i) {
        Row row;
        row.insert({Dot{intruder, i + 1}, Hlc::at_ms(1), Value(std::string(300'000, 'x'))});
        say(a_, wire::Push{kBucket,
                           {{intruder, i}},
                           {{intruder, i + 1}},
                           {},
                           encode_batch({{{"x", Type::kRegister, {}}, row}})});
    }
    EXPECT_LE(a_.replicator->buffered_bytes(), ReplicatorOptions().held_peer_max_bytes);
    EXPECT_LE(a_.checks.size(), 14U);
}

TEST_F(ProofsElsewhere, AnOutcomeThatComesTooLateIsForgotten) {
    b_.write("x", "signed");
    run(500);
    ASSERT_EQ(a_.checks.size(), 1U);
    a_.replicator->link_down(wires_[0].ids[1]);
    check();
    EXPECT_EQ(a_.get("x"), "");
    EXPECT_EQ(a_.replicator->buffered_bytes(), 0U);
    a_.replicator->proofs_checked(4711, true, now_ms_);
}

}  // namespace
}  // namespace kigumi
