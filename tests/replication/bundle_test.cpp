#include "kigumi/replication/bundle.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "kigumi/replication/memory_env.hpp"
#include "support/temp_directory.hpp"

namespace kigumi {
namespace {

std::string contents(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

void overwrite(const std::filesystem::path& file, const std::string& bytes) {
    std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
}

class Bundles : public testing::Test {
  protected:
    std::filesystem::path path(const std::string& name) const { return directory_.path() / name; }
    std::unique_ptr<Store> open(const std::string& name) const {
        return Store::open(path(name)).value();
    }
    static void add(Store& store, const std::string& key, const Value& member) {
        auto txn = store.write().value();
        txn.set(key).add(member).value();
        txn.commit().value();
    }
    static void remove(Store& store, const std::string& key, const Value& member) {
        auto txn = store.write().value();
        txn.set(key).erase(member).value();
        txn.commit().value();
    }
    static std::vector<Value> members(Store& store, const std::string& key) {
        auto txn = store.read().value();
        return txn.set(key).members().value();
    }
    static bundle::WriteOptions since(Store& store) {
        bundle::WriteOptions options;
        options.since.emplace(kDefaultBucket, store.read().value().version());
        return options;
    }
    static void expect_error(const Error& error, ErrorCode code, const std::string& part) {
        EXPECT_EQ(error.code, code) << error.message;
        EXPECT_NE(error.message.find(part), std::string::npos) << error.message;
    }

    TempDirectory directory_;
};

TEST_F(Bundles, CarryEveryBucketAndMayBeJoinedAgain) {
    const auto from = open("from");
    add(*from, "fruit", "apple");
    {
        auto txn = from->write("other").value();
        txn.counter("n").add(7).value();
        txn.commit().value();
    }
    const auto written = bundle::write(*from, path("all")).value();
    EXPECT_EQ(written.rows, 2U);
    const auto to = open("to");
    add(*to, "fruit", "pear");
    for (int again = 0; again < 2; ++again) {
        bundle::import(*to, {path("all")}).value();
        EXPECT_EQ(members(*to, "fruit"), (std::vector<Value>{"apple", "pear"}));
        EXPECT_EQ(to->read("other").value().counter("n").value().value(), 7);
    }
    bundle::WriteOptions one;
    one.bucket = "other";
    EXPECT_EQ(bundle::write(*from, path("one"), one).value().rows, 1U);
    one.bucket = "nobody";
    expect_error(bundle::write(*from, path("none"), one).error(), ErrorCode::kNotFound, "nobody");
    EXPECT_FALSE(std::filesystem::exists(path("none")));
}

TEST_F(Bundles, AreJoinedInTheOrderOfTheirBases) {
    const auto from = open("from");
    std::vector<std::filesystem::path> files;
    auto options = since(*from);
    for (const char* member : {"a", "b", "c"}) {
        add(*from, "s", member);
        files.push_back(path(member));
        bundle::write(*from, files.back(), options).value();
        options = since(*from);
    }
    EXPECT_TRUE(bundle::inspect(files[0]).value().cuts[0].full());
    EXPECT_FALSE(bundle::inspect(files[1]).value().cuts[0].full());
    const auto to = open("to");
    const auto refused = bundle::import(*to, {files[2], files[1]});
    ASSERT_FALSE(refused);
    expect_error(refused.error(), ErrorCode::kInvalidArgument,
                 Dot{from->replica().value(), 2}.text());
    EXPECT_TRUE(to->buckets().value().empty()) << "a refused import must leave nothing";
    bundle::import(*to, {files[2], files[0], files[1]}).value();
    EXPECT_EQ(members(*to, "s"), (std::vector<Value>{"a", "b", "c"}));
}

TEST_F(Bundles, TakeAwayWhatTheirReplicaHasRemovedAndDropped) {
    const auto from = open("from");
    const auto to = open("to");
    add(*from, "s", "gone");
    add(*from, "s", "kept");
    bundle::write(*from, path("first")).value();
    bundle::import(*to, {path("first")}).value();
    add(*to, "s", "own");
    const auto before = since(*from);
    remove(*from, "s", "gone");
    EXPECT_TRUE(from->read().value().horizon().empty());
    EXPECT_EQ(bundle::reachable(*from, before.since).value().size(), 1U);
    {
        auto snapshot = from->read().value();
        std::string cursor;
        const auto places = snapshot.collectable(snapshot.version(), 100, cursor).value();
        auto txn = from->write().value();
        EXPECT_EQ(txn.collect(places, snapshot.version()).value(), 1U);
        txn.commit().value();
    }
    EXPECT_TRUE(bundle::reachable(*from, before.since).value().empty());
    expect_error(bundle::write(*from, path("late"), before).error(), ErrorCode::kInvalidArgument,
                 "write it in full");
    bundle::write(*from, path("full")).value();
    bundle::import(*to, {path("full")}).value();
    EXPECT_EQ(members(*to, "s"), (std::vector<Value>{"kept", "own"}));
    EXPECT_EQ(to->read().value().floor(), from->read().value().floor());
}

TEST_F(Bundles, ThatWereCutOrAlteredAreRefusedWithTheOffset) {
    const auto from = open("from");
    for (int i = 0; i < 30; ++i) add(*from, "s", i);
    bundle::write(*from, path("good")).value();
    const std::string good = contents(path("good"));
    const auto to = open("to");
    const auto expect_refused = [&](const std::string& bytes, const std::string& what) {
        overwrite(path("bad"), bytes);
        for (const auto& error :
             {bundle::inspect(path("bad")).error(), bundle::import(*to, {path("bad")}).error(),
              bundle::restore({path("bad")}, path("new")).error()}) {
            EXPECT_TRUE(error.message.find("(at offset ") != std::string::npos ||
                        error.message.find("bundle") != std::string::npos)
                << what << ": " << error.message;
        }
        EXPECT_TRUE(to->buckets().value().empty()) << what;
        EXPECT_FALSE(std::filesystem::exists(path("new"))) << what;
        EXPECT_FALSE(std::filesystem::exists(path("new.restoring"))) << what;
    };
    for (std::size_t size = 0; size < good.size(); size += 1 + good.size() / 60)
        expect_refused(good.substr(0, size), "cut at " + std::to_string(size));
    for (std::size_t at = 0; at < good.size(); at += 1 + good.size() / 60) {
        std::string bad = good;
        bad[at] = static_cast<char>(bad[at] ^ 0x10);
        expect_refused(bad, "altered at " + std::to_string(at));
    }
    expect_refused(good + good, "twice");
}

TEST_F(Bundles, AreRestoredIntoNewDirectoriesOnly) {
    const auto from = open("from");
    add(*from, "s", "a");
    bundle::write(*from, path("full")).value();
    const auto behind = since(*from);
    add(*from, "s", "b");
    bundle::write(*from, path("more"), behind).value();
    expect_error(bundle::restore({path("full")}, path("from")).error(), ErrorCode::kInvalidArgument,
                 "new directory");
    expect_error(bundle::restore({path("more")}, path("new")).error(), ErrorCode::kInvalidArgument,
                 "has to be full");
    std::filesystem::create_directory(path("new"));
    bundle::restore({path("full"), path("more")}, path("new")).value();
    const auto restored = open("new");
    EXPECT_EQ(members(*restored, "s"), (std::vector<Value>{"a", "b"}));
    EXPECT_NE(restored->replica().value(), from->replica().value());
    // It goes on as any other replica.
    add(*restored, "s", "c");
    bundle::write(*restored, path("back")).value();
    bundle::import(*from, {path("back")}).value();
    EXPECT_EQ(members(*from, "s"), (std::vector<Value>{"a", "b", "c"}));
}

TEST_F(Bundles, FromTheFutureOfAStoreMakeItTakeANewIdentity) {
    const auto env = std::make_shared<kv::MemoryEnv>();
    const auto store = Store::over(env).value();
    add(*store, "s", "a");
    const auto past = env->state();
    add(*store, "s", "b");
    const ReplicaId before = store->replica().value();
    bundle::write(*store, path("full")).value();
    env->restore(past);
    bundle::import(*store, {path("full")}).value();
    EXPECT_NE(store->replica().value(), before) << "what it would write next, it may have written";
    EXPECT_EQ(members(*store, "s"), (std::vector<Value>{"a", "b"}));
}

TEST_F(Bundles, TellHowFarTheyAre) {
    const auto from = open("from");
    for (int i = 0; i < 100; ++i) add(*from, "s", std::string(60'000, 'x') + std::to_string(i));
    std::uint64_t last = 0;
    bundle::WriteOptions options;
    options.progress = [&last](std::uint64_t done, std::uint64_t total) {
        EXPECT_GE(done, last);
        EXPECT_LE(done, total);
        last = done;
    };
    const auto summary = bundle::write(*from, path("b"), options).value();
    EXPECT_EQ(summary.rows, 100U);
    EXPECT_GT(summary.row_bytes, 100U * 60'000U);
    EXPECT_GT(last, 0U);
    last = 0;
    EXPECT_EQ(bundle::inspect(path("b"), options.progress).value().rows, 100U);
    EXPECT_EQ(last, summary.file_bytes);
}

TEST_F(Bundles, AreNotThereIfTheirWritingIsStopped) {
    const auto from = open("from");
    for (int i = 0; i < 10; ++i) add(*from, "s", i);
    bundle::WriteOptions options;
    std::stop_source stop;
    options.stop = stop.get_token();
    options.progress = [&stop](std::uint64_t, std::uint64_t) { stop.request_stop(); };
    const auto written = bundle::write(*from, path("b"), options);
    ASSERT_FALSE(written);
    expect_error(written.error(), ErrorCode::kBusy, "was stopped");
    EXPECT_FALSE(std::filesystem::exists(path("b")));
    EXPECT_FALSE(std::filesystem::exists(path("b.partial")));
    ASSERT_TRUE(bundle::write(*from, path("b")));
}

TEST_F(Bundles, SayWhatCannotBeWrittenOrRead) {
    const auto from = open("from");
    add(*from, "s", "a");
    expect_error(bundle::write(*from, path("none") / "b").error(), ErrorCode::kIo, "none");
    expect_error(bundle::inspect(path("none")).error(), ErrorCode::kIo, "none");
    expect_error(bundle::inspect(path("from")).error(), ErrorCode::kInvalidArgument, "not a file");
    overwrite(path("text"), "this is not what you are looking for");
    expect_error(bundle::inspect(path("text")).error(), ErrorCode::kInvalidArgument,
                 "not a bundle");
    overwrite(path("newer"), std::string("KIGUMI\0\3", 8) + "whatever");
    expect_error(bundle::inspect(path("newer")).error(), ErrorCode::kUnsupported, "format 3");
    bundle::WriteOptions ahead = since(*from);
    ahead.since.begin()->second.raise(from->replica().value(), 9);
    expect_error(bundle::write(*from, path("b"), ahead).error(), ErrorCode::kInvalidArgument,
                 "has not got as far");
}

}  // namespace
}  // namespace kigumi
