#include <algorithm>
#include <mutex>
#include <set>

#include "crash/tiny_disk.hpp"
#include "kigumi/daemon/node.hpp"
#include "process/site.hpp"

namespace kigumi {
namespace {

using std::chrono::seconds;

/// Without the reserve that the store leaves on any disk: it meets the end of the disk in the
/// middle of a commit, as if somebody else had taken the reserve.
StoreOptions without_reserve() {
    StoreOptions options;
    options.lmdb.min_free_bytes = 0;
    return options;
}

/// Writes `bytes` bytes under the number `i`.
Result<void> write_one(Store& store, int i, std::size_t bytes) {
    KIGUMI_TRY(WriteTransaction txn, store.write());
    KIGUMI_CHECK(txn.set("written").add(i));
    KIGUMI_CHECK(txn.counter("written").add(1));
    KIGUMI_CHECK(txn.reg(std::to_string(i)).assign(std::string(bytes, 'x')));
    return txn.commit();
}

/// What writing until the disk is full came to.
struct Filled {
    std::set<int> acknowledged;
    std::vector<Error> errors;
};

/// Writes until there is no room for anything.
Filled fill(Store& store, std::size_t most_bytes) {
    Filled result;
    std::size_t bytes = most_bytes;
    for (int i = 0; i < 100'000 && result.errors.size() < 30; ++i) {
        const auto done = write_one(store, i, bytes);
        if (done) {
            result.acknowledged.insert(i);
        } else {
            result.errors.push_back(done.error());
            bytes = std::max<std::size_t>(bytes / 2, 1);
        }
    }
    return result;
}

void expect_there(Store& store, const std::set<int>& acknowledged) {
    auto txn = store.read().value();
    txn.check_log().value();
    for (const int i : acknowledged) EXPECT_TRUE(txn.set("written").contains(i).value()) << i;
    EXPECT_EQ(txn.set("written").size().value(), acknowledged.size());
    EXPECT_EQ(txn.counter("written").value().value(),
              static_cast<std::int64_t>(acknowledged.size()));
}

/// What is wrong, where, and what to do.
void expect_clear(const Error& error, const std::filesystem::path& directory) {
    EXPECT_EQ(error.code, ErrorCode::kFull) << error.message;
    EXPECT_NE(error.message.find(directory.string()), std::string::npos) << error.message;
    EXPECT_NE(error.message.find("free some space"), std::string::npos) << error.message;
}

class FullDisk : public ProcessTest {
  protected:
    /// False if the test has to be skipped.
    bool mount(unsigned mib) {
        disk_ = std::make_unique<TinyDisk>(scratch_.path() / "a", mib);
        return disk_->trouble().empty();
    }

    std::unique_ptr<TinyDisk> disk_;
};

TEST_F(FullDisk, IsToldToWritersAndHindersNobodyElse) {
    if (!mount(8)) GTEST_SKIP() << disk_->trouble();
    disk_->leave_free(5);
    const auto store = Store::open(disk_->path(), without_reserve()).value();
    Filled filled = fill(*store, 50'000);
    EXPECT_GT(filled.acknowledged.size(), 40U);
    for (const Error& error : filled.errors) expect_clear(error, disk_->path());
    disk_->fill();
    expect_there(*store, filled.acknowledged);
    {
        // More readers than have ever been: their places are in a file that is mapped.
        std::vector<ReadTransaction> readers;
        for (int i = 0; i < 500; ++i) readers.push_back(store->read().value());
    }
    disk_->make_room();
    ASSERT_TRUE(write_one(*store, -1, 500'000));
    filled.acknowledged.insert(-1);
    expect_there(*store, filled.acknowledged);
}

TEST_F(FullDisk, IsNoPlaceForANewStoreButForAnOldOne) {
    if (!mount(4)) GTEST_SKIP() << disk_->trouble();
    const auto old = disk_->path() / "old";
    const auto fresh = disk_->path() / "new";
    ASSERT_TRUE(write_one(*Store::open(old, without_reserve()).value(), 1, 10'000));
    disk_->fill();
    expect_there(*Store::open(old, without_reserve()).value(), {1});
    const auto refused = Store::open(fresh, without_reserve());
    ASSERT_FALSE(refused);
    expect_clear(refused.error(), fresh);
    disk_->make_room();
    ASSERT_TRUE(write_one(*Store::open(fresh, without_reserve()).value(), 1, 10'000));
}

TEST_F(FullDisk, OfADaemonIsServedFromAndCatchesUpWhenThereIsRoom) {
    if (!mount(80)) GTEST_SKIP() << disk_->trouble();
    disk_->leave_free(67);
    Site& full = make_site();
    Site& peer = make_site();
    ASSERT_EQ(full.directory(), disk_->path());
    full.start();
    peer.start({full.address()});
    const Filled filled = fill(full.store(), 50'000);
    EXPECT_GT(filled.acknowledged.size(), 20U);
    expect_clear(filled.errors.front(), disk_->path());
    expect_converged();
    // Somebody else takes what the store has left.
    disk_->fill();
    for (int i = 0; i < 20; ++i) peer.increment("from the peer", 1);
    const auto told = [&full] { return full.daemon().output().find("level=warning"); };
    EXPECT_TRUE(eventually(seconds(10), [&] { return told() != std::string::npos; }));
    EXPECT_NE(full.daemon().output().find("has only 0 MiB free"), std::string::npos);
    // It serves whoever comes, also when it had to be started again.
    for (int i = 0; i < 2; ++i) {
        Site& guest = make_site();
        guest.start({full.address()});
        EXPECT_TRUE(eventually(seconds(15), [&] { return guest.version() == full.version(); }));
        guest.daemon().kill();
        full.daemon().kill();
        full.start();
    }
    sleep_for_ms(3'000);
    EXPECT_EQ(full.count("from the peer"), 0);
    const std::string log = full.daemon().output();
    EXPECT_LT(std::count(log.begin(), log.end(), '\n'), 20) << "it does not back off:\n" << log;

    disk_->make_room();
    expect_converged({&full, &peer}, seconds(30));
    full.increment("from the full disk", 1);
    expect_converged({&full, &peer}, seconds(15));
    EXPECT_EQ(full.count("from the peer"), 20);
    EXPECT_EQ(peer.count("from the full disk"), 1);
    expect_there(full.store(), filled.acknowledged);
}

/// The warnings of a node.
class Warnings {
  public:
    void take(const Effects::Note& note) {
        if (note.level != Effects::Note::Level::kWarning) return;
        const std::lock_guard lock(mutex_);
        all_.push_back(note.event + " " + note.detail);
    }
    std::vector<std::string> all() {
        const std::lock_guard lock(mutex_);
        return all_;
    }

  private:
    std::mutex mutex_;
    std::vector<std::string> all_;
};

/// A node on a small disk, in this process, that receives from a daemon on a large one.
class FullReceiver : public FullDisk {
  protected:
    void SetUp() override {
        if (!mount(32)) GTEST_SKIP() << disk_->trouble();
        store_ = Store::open(disk_->path(), without_reserve()).value();
        sites_.emplace_back(scratch_.path() / "peer");
        peer_ = &sites_.front();
        peer_->start();
    }

    void start_node() {
        NodeOptions options;
        options.listen = "127.0.0.1:*";
        options.peers = {peer_->address()};
        options.insecure = true;
        options.log = [this](const Effects::Note& note) { warnings_.take(note); };
        node_ = Node::start(*store_, options).value();
    }

    void write_at_peer() {
        for (int i = 0; i < 60; ++i) {
            ASSERT_TRUE(write_one(peer_->store(), i, 100'000));
            written_.insert(i);
        }
    }

    void expect_reported_and_overcome() {
        EXPECT_TRUE(eventually(seconds(20), [&] { return !warnings_.all().empty(); }));
        const std::size_t before = warnings_.all().size();
        sleep_for_ms(3'000);
        const std::vector<std::string> all = warnings_.all();
        EXPECT_LT(all.size() - before, 15U) << "it does not back off";
        for (const std::string& each : all)
            EXPECT_NE(each.find(disk_->path().string()), std::string::npos) << each;
        store_->read()->check_log().value();
        EXPECT_FALSE(store_->read()->version() == peer_->version());

        disk_->make_room();
        EXPECT_TRUE(
            eventually(seconds(30), [&] { return store_->read()->version() == peer_->version(); }));
        expect_there(*store_, written_);
        EXPECT_TRUE(present_rows(*store_) == peer_->rows());
    }

    std::unique_ptr<Store> store_;
    Site* peer_ = nullptr;
    Warnings warnings_;
    std::unique_ptr<Node> node_;
    std::set<int> written_;
};

TEST_F(FullReceiver, OfPushesReportsItAndCatchesUpWhenThereIsRoom) {
    disk_->leave_free(4);
    start_node();
    write_at_peer();
    expect_reported_and_overcome();
}

TEST_F(FullReceiver, OfAPullReportsItAndCatchesUpWhenThereIsRoom) {
    disk_->leave_free(4);
    write_at_peer();
    start_node();
    expect_reported_and_overcome();
}

}  // namespace
}  // namespace kigumi
