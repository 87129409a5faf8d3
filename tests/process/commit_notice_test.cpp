#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "kigumi/daemon/node.hpp"
#include "kigumi/replication/commit_signal.hpp"
#include "process/site.hpp"

namespace kigumi {
namespace {

using std::chrono::seconds;

/// Digests would find what a missed commit left behind. Nodes that exchange them once an hour only
/// learn of a commit because they notice it.
NodeOptions without_rounds(const std::vector<std::string>& peers) {
    NodeOptions options;
    options.listen = "127.0.0.1:*";
    options.peers = peers;
    options.insecure = true;
    options.replication.round_ms = 3'600'000;
    return options;
}

class CommitNotice : public ProcessTest {
  protected:
    void SetUp() override {
        from_ = &make_site();
        to_ = &make_site();
        served_ = Node::start(from_->store(), without_rounds({})).value();
        dialling_ = Node::start(to_->store(), without_rounds({served_->address()})).value();
        from_->add("seen", "first");
        ASSERT_TRUE(eventually(seconds(30), [&] { return to_->contains("seen", "first"); }));
    }

    void expect_commits_travel() {
        for (int i = 0; i < 5; ++i) {
            from_->add("seen", Value(i));
            EXPECT_TRUE(eventually(seconds(30), [&] { return to_->contains("seen", i); })) << i;
        }
    }

    Site* from_ = nullptr;
    Site* to_ = nullptr;
    std::unique_ptr<Node> served_;
    std::unique_ptr<Node> dialling_;
};

TEST_F(CommitNotice, NeedsNoRounds) { expect_commits_travel(); }

TEST_F(CommitNotice, IsFoundByPollingIfTheSocketIsGone) {
    ASSERT_TRUE(std::filesystem::remove(from_->directory() / "kigumid.wake"));
    expect_commits_travel();
}

TEST(CommitSignal, IsSentByACommitThatWroteAndByNoOther) {
    const TempDirectory scratch;
    const auto store = Store::open(scratch.path()).value();
    const auto wake = commit_signal::listen(scratch.path()).value();
    std::array<char, 16> bytes{};
    static_cast<void>(store->write().value().commit());
    EXPECT_LT(recv(wake.get(), bytes.data(), bytes.size(), MSG_DONTWAIT), 0);
    auto txn = store->write().value();
    ASSERT_TRUE(txn.set("seen").add("something"));
    ASSERT_TRUE(txn.commit());
    EXPECT_GE(recv(wake.get(), bytes.data(), bytes.size(), MSG_DONTWAIT), 0);
}

}  // namespace
}  // namespace kigumi
