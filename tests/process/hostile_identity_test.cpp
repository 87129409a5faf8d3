#include <fstream>
#include <sstream>

#include "kigumi/replication/members.hpp"
#include "process/locked.hpp"

/// What a listed peer can do to the identity of a node, and what a node does that went back in
/// time without being able to see it by itself.
namespace kigumi {
namespace {

using std::chrono::seconds;

std::string content_of(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

/// Writes over a file: same file, same inode.
void write_over(const std::filesystem::path& file, const std::string& content) {
    std::ofstream out(file, std::ios::binary | std::ios::in | std::ios::out);
    out << content;
    out.close();
    std::filesystem::resize_file(file, content.size());
}

class HostileIdentity : public LockedTest {
  protected:
    /// Whether all that the guest has sent has been dealt with.
    static bool heard_out(Guest& guest) {
        return eventually(seconds(30), [&guest] {
            guest.send(wire::Chunk{77, 0, 0, {}, {}});
            for (zmq::message_t frame; guest.socket().recv(frame);) {
                const auto message = wire::decode(frame.to_string_view());
                const auto* const cancel = message ? std::get_if<wire::Cancel>(&*message) : nullptr;
                if (cancel != nullptr && cancel->session == 77) return true;
            }
            return false;
        });
    }
};

TEST_F(HostileIdentity, AReaderThatClaimsTheFutureChangesNothing) {
    const Key& own = make_key();
    const Key& reader = make_key();
    Site& site = start_site(own, {reader.text() + "=read"});
    site.assign("key", "value");
    const ReplicaId self = site.store().replica().value();
    const VersionVector before = site.version();
    Guest guest(context_, site.address(), reader, own);
    ASSERT_TRUE(guest.is_answered(made_up(1)));
    for (std::uint64_t i = 1; i <= 100; ++i) {
        const VersionVector future{{site.store().replica().value(), 1'000 * i}};
        guest.send(wire::Digest{{{"default", future}, {"kigumi.members", future}}});
        guest.send(wire::Hearsay{"default", {{self, future}}});
        // Heads that this node has not signed.
        Head head;
        head.counter = 1'000 * i;
        head.proof = Proof(Proof::Bytes{static_cast<std::uint8_t>(i)});
        guest.send(wire::Heads{"default", {head}});
        if (i % 10 != 0) continue;
        ASSERT_TRUE(heard_out(guest));
    }
    EXPECT_EQ(site.store().replica().value(), self);
    EXPECT_EQ(site.version(), before);
    EXPECT_EQ(times(site, "identity.renewed"), 0U);
    EXPECT_GE(times(site, "identity.claimed"), 1U);
    EXPECT_LE(times(site, "identity.claimed"), 5U) << "once a minute, not each time";
    EXPECT_LE(members::list(site.store()).value().size(), 1U) << "no ghosts";
    site.assign("key", "after");
    EXPECT_EQ(site.version()[self], before[self] + 1);
}

/// Two nodes, of which the first went back without being able to see it, and wrote on.
class WentBackInPlace : public HostileIdentity {
  protected:
    void SetUp() override {
        one_ = &make_key();
        two_ = &make_key();
        a_ = &make_site();
        b_ = &make_site();
        run();
        a_->assign("before", "common");
        a_->increment("count", 50);
        expect_converged(seconds(30));
    }
    void run() {
        a_->start({}, {"--key", one_->file, "--allow=" + two_->text(), "--audit-ms", "1000"});
        b_->start({}, {"--key", two_->file, "--allow=" + one_->text(),
                       "--peer=" + one_->text() + "@" + a_->address(), "--audit-ms", "1000"});
    }
    void stop() {
        for (Site* site : {a_, b_}) {
            site->daemon().signal(SIGTERM);
            EXPECT_EQ(site->daemon().wait_for(seconds(30)), 0);
        }
    }
    /// Goes back to a copy of the file that was made before `lost`, byte for byte, in place.
    void go_back(const std::function<void()>& lost) {
        std::string data;
        std::string mark;
        stop();
        a_->while_closed([&](const std::filesystem::path& directory) {
            data = content_of(directory / "data.mdb");
            mark = content_of(directory / "last-commit");
        });
        run();
        lost();
        expect_converged(seconds(30));
        stop();
        a_->while_closed([&](const std::filesystem::path& directory) {
            write_over(directory / "data.mdb", data);
            write_over(directory / "last-commit", mark);
        });
    }
    bool equal() {
        return a_->version() == b_->version() && a_->rows() == b_->rows() &&
               a_->store().read()->check_log() && b_->store().read()->check_log();
    }
    void expect_healed(const ReplicaId& old) {
        EXPECT_TRUE(eventually(seconds(60), [&] { return a_->store().replica().value() != old; }))
            << a_->daemon().output();
        EXPECT_TRUE(eventually(seconds(60), [&] { return equal(); }))
            << a_->daemon().output() << b_->daemon().output();
        EXPECT_EQ(times(*a_, "identity.renewed"), 1U);
        EXPECT_EQ(a_->count("count"), b_->count("count"));
        EXPECT_TRUE(eventually(seconds(30), [&] {
            const auto list = members::list(b_->store()).value();
            const auto it = list.find(old);
            return it != list.end() && it->second == members::Standing::kRetired;
        })) << "nobody waits for the old one";
    }

    Key* one_ = nullptr;
    Key* two_ = nullptr;
    Site* a_ = nullptr;
    Site* b_ = nullptr;
};

TEST_F(WentBackInPlace, AndWroteNothingTakesANewIdentityWhenItMeetsItsPeer) {
    const ReplicaId old = a_->store().replica().value();
    go_back([this] {
        for (int i = 0; i < 10; ++i) a_->assign("lost" + std::to_string(i), "lost");
        a_->increment("count", 5);
    });
    EXPECT_EQ(a_->store().replica().value(), old) << "by itself it cannot see it";
    run();
    expect_healed(old);
    EXPECT_EQ(a_->get("lost9"), "lost") << "what a peer has comes back";
    EXPECT_EQ(a_->count("count"), 55);
}

TEST_F(WentBackInPlace, AndWroteMoreThanItsPeerHadSeenEndsInEqualRows) {
    const ReplicaId old = a_->store().replica().value();
    go_back([this] {
        for (int i = 0; i < 10; ++i) a_->assign("lost" + std::to_string(i), "lost");
        a_->increment("count", 5);
    });
    ASSERT_EQ(a_->store().replica().value(), old) << "by itself it cannot see it";
    for (int i = 0; i < 20; ++i) a_->assign("again" + std::to_string(i), "again");
    a_->increment("count", 7);
    ASSERT_GT(a_->version()[old], b_->version()[old]) << "the vectors show nothing";
    run();
    expect_healed(old);
    for (Site* site : {a_, b_}) {
        EXPECT_EQ(site->get("lost9"), "lost");
        EXPECT_EQ(site->get("again0"), "again");
        EXPECT_EQ(site->get("again19"), "again");
        EXPECT_GE(site->count("count"), 55);
    }
}

}  // namespace
}  // namespace kigumi
