#include "kigumi/daemon/node.hpp"
#include "process/site.hpp"

namespace kigumi {
namespace {

class EmbeddedNode : public ProcessTest {};

NodeOptions on_loopback(const std::vector<std::string>& peers) {
    NodeOptions options;
    options.listen = "127.0.0.1:*";
    options.peers = peers;
    options.insecure = true;
    return options;
}

TEST_F(EmbeddedNode, ConvergesWithADaemon) {
    Site& served = make_site();
    served.start();
    Site& embedding = make_site();
    embedding.add("members", "embedded");
    served.add("members", "served");
    {
        const auto node = Node::start(embedding.store(), on_loopback({served.address()})).value();
        EXPECT_TRUE(eventually(std::chrono::seconds(15), [&] {
            return served.size("members") == 2 && embedding.version() == served.version();
        }));
        EXPECT_TRUE(served.rows() == embedding.rows());
    }
    served.add("members", "later");
    embedding.add("members", "apart");
    const auto again = Node::start(embedding.store(), on_loopback({served.address()})).value();
    EXPECT_TRUE(eventually(std::chrono::seconds(15), [&] {
        return served.size("members") == 4 && embedding.size("members") == 4;
    }));
}

TEST_F(EmbeddedNode, ThatGathersWritesAndConfirmationsConverges) {
    Site& served = make_site();
    served.start();
    Site& embedding = make_site();
    NodeOptions options = on_loopback({served.address()});
    options.replication.push_ms = 50;
    options.replication.ack_ms = 300;
    const auto node = Node::start(embedding.store(), options).value();
    for (int i = 0; i < 30; ++i) {
        embedding.add("members", Value(i));
        served.increment("count", 1);
    }
    EXPECT_TRUE(eventually(std::chrono::seconds(15), [&] {
        return served.size("members") == 30 && embedding.count("count") == 30;
    }));
}

TEST_F(EmbeddedNode, TellsItsStatusToAnyThread) {
    Site& served = make_site();
    served.start();
    Site& embedding = make_site();
    embedding.add("members", "embedded");
    const auto node = Node::start(embedding.store(), on_loopback({served.address()})).value();
    EXPECT_TRUE(eventually(std::chrono::seconds(15), [&] {
        const auto status = node->status();
        if (!status || status->links.size() != 1 || !status->links[0].up) return false;
        for (const BucketStatus& bucket : status->buckets)
            if (bucket.name == kDefaultBucket && bucket.peers.size() == 1)
                return bucket.peers[0].lag.events == 0 && !bucket.version.empty();
        return false;
    }));
}

TEST_F(EmbeddedNode, IsRefusedWhereADaemonRuns) {
    Site& served = make_site();
    served.start();
    const auto node = Node::start(served.store(), on_loopback({}));
    ASSERT_FALSE(node);
    EXPECT_EQ(node.error().code, ErrorCode::kBusy);
    // The daemon is none the worse for it: it still hears of commits.
    EXPECT_TRUE(std::filesystem::exists(served.directory() / "kigumid.wake"));
}

}  // namespace
}  // namespace kigumi
