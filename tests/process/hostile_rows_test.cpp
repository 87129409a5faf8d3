#include "kigumi/replication/batch.hpp"
#include "process/locked.hpp"

/// A listed peer with the right to write, and without the right to relay, that sends rows no honest
/// peer sends.
namespace kigumi {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint64_t kHuge = ~std::uint64_t{0};
const RowKey kCounter{"count", Type::kCounter, {}};

class HostileRows : public LockedTest {
  protected:
    void SetUp() override {
        start_site(victim_key_, {peer_key_.text(), rogue_key_.text() + "=read+write"});
        start_site(peer_key_, {victim_key_.text()},
                   {victim_key_.text() + "@" + victim().address()});
        victim().increment("count", 100);
        peer().increment("count", 50);
        expect_converged();
        rogue_.emplace(context_, victim().address(), rogue_key_, victim_key_);
        ASSERT_TRUE(rogue_->is_answered(made_up(7)));
        rogue_->socket().set(zmq::sockopt::rcvtimeo, 100);
    }
    Site& victim() { return sites_[0]; }
    Site& peer() { return sites_[1]; }
    VersionVector floor_of(Site& site) { return site.store().read()->floor(); }
    /// A push of one row with one event of the rogue's own.
    void push(const RowKey& at, Payload payload, VersionVector floor = {}) {
        VersionVector version = victim().version();
        const VersionVector base = version;
        Row row;
        row.insert({version.increment(made_up(7)), Hlc::at_ms(1), std::move(payload)});
        rogue_->send(
            wire::Push{"default", base, version, std::move(floor), encode_batch({{at, row}})});
    }
    /// Waits for the victim to pull; nothing if it does not.
    std::optional<wire::Pull> lure() {
        VersionVector version = victim().version();
        version.raise(made_up(7), version[made_up(7)] + 100'000);
        rogue_->send(wire::Digest{{{"default", version}}});
        std::optional<wire::Pull> pull;
        eventually(seconds(20), [&] {
            for (zmq::message_t frame; !pull && rogue_->socket().recv(frame);) {
                const auto message = wire::decode(frame.to_string_view());
                if (!message) continue;
                if (const auto* const asked = std::get_if<wire::Pull>(&*message)) pull = *asked;
            }
            return pull.has_value();
        });
        return pull;
    }
    void expect_exact(std::int64_t count) {
        EXPECT_TRUE(eventually(
            seconds(30),
            [&] { return victim().count("count") == count && peer().count("count") == count; }))
            << victim().count("count") << " and " << peer().count("count");
    }

    Key& victim_key_ = make_key();
    Key& peer_key_ = make_key();
    Key& rogue_key_ = make_key();
    std::optional<Guest> rogue_;
};

TEST_F(HostileRows, CountsOfOthersStay) {
    push(kCounter, Tally{1, 0});
    expect_exact(151);
    victim().increment("count", 5);
    peer().increment("count", 5);
    expect_exact(161);
}

TEST_F(HostileRows, NoFloorIsTakenFromIt) {
    const VersionVector before = floor_of(victim());
    push({"x", Type::kRegister, {}}, Value("first"), victim().version());
    ASSERT_TRUE(eventually(seconds(20), [&] { return peer().get("x") == "first"; }));
    const auto pull = lure();
    ASSERT_TRUE(pull);
    VersionVector version = victim().version();
    Row row;
    row.insert({version.increment(made_up(7)), Hlc::at_ms(1), Value("second")});
    wire::Cursor cursor;
    cursor.from = pull->base;
    cursor.to = version;
    rogue_->send(wire::Chunk{pull->session, 1, 0, encode_batch({{{"y", Type::kRegister, {}}, row}}),
                             cursor});
    rogue_->send(wire::Done{pull->session, 1, 1, version, version, false});
    ASSERT_TRUE(eventually(seconds(20), [&] { return peer().get("y") == "second"; }));
    EXPECT_EQ(floor_of(victim()), before);
    EXPECT_EQ(floor_of(peer()), before);
    const auto again = lure();
    ASSERT_TRUE(again);
    VersionVector beyond = version;
    for (const auto& [origin, counter] : version) beyond.raise(origin, kHuge);
    rogue_->send(wire::Done{again->session, 1, 0, version, beyond, false});
    EXPECT_NE(victim().daemon().wait_for_output("collection floor"), "");
    EXPECT_EQ(floor_of(victim()), before);
    // Pushes go on: a write is there at once, and what is pulled is not the whole bucket.
    victim().assign("afterwards", "pushed");
    EXPECT_TRUE(eventually(seconds(20), [&] { return peer().get("afterwards") == "pushed"; }));
}

TEST_F(HostileRows, AnAnswerWithoutEndTakesNoMemory) {
    for (int round = 0; round < 3; ++round) {
        const auto pull = lure();
        ASSERT_TRUE(pull);
        const bool small = round == 1;
        std::string part(1'000'000, small ? '\xC0' : 'x');
        if (small) part.replace(0, 7, std::string("\x92\x90\xDD\x00\xE0\x00\x00", 7));
        for (std::uint64_t i = 0; i < 60; ++i) {
            wire::Chunk chunk{pull->session, 1, i, part, {}};
            if (small && i == 14) {
                chunk.cursor = wire::Cursor();
                chunk.cursor->to.raise(made_up(7), 9);
            }
            rogue_->send(chunk);
        }
    }
    victim().increment("count", 1);
    expect_exact(151);
    EXPECT_LT(victim().peak_memory_kib(), std::uint64_t{128} << 10);
}

}  // namespace
}  // namespace kigumi
