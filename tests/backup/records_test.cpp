#include "records.hpp"

#include <gtest/gtest.h>

#include "kigumi/replication/memory_env.hpp"
#include "support/temp_directory.hpp"

namespace kigumi {
namespace {

BackupRecord a_record(char digit) {
    BackupRecord record;
    record.target = std::string(32, digit);
    record.path = "/disk/target";
    record.versions["default"] = {{ReplicaId(ReplicaId::Bytes{7}), 12}};
    record.versions["other"] = {};
    record.hold_until_ms = 5;
    record.success_ms = 4;
    record.full = true;
    record.bytes = 1'234;
    record.error = "no room";
    record.error_ms = 3;
    record.next_ms = 9;
    return record;
}

TEST(BackupRecords, AreKeptByTarget) {
    const auto store = Store::over(std::make_shared<kv::MemoryEnv>()).value();
    EXPECT_TRUE(store->backups().value().empty());
    store->put_backup(a_record('b')).value();
    store->put_backup(a_record('a')).value();
    const std::vector<BackupRecord> both = {a_record('a'), a_record('b')};
    EXPECT_EQ(store->backups().value(), both);
    BackupRecord changed = a_record('a');
    changed.bytes = 1;
    store->put_backup(changed).value();
    store->erase_backup(std::string(32, 'b')).value();
    EXPECT_EQ(store->backups().value(), std::vector<BackupRecord>{changed});
}

TEST(BackupRecords, SurviveOnDisk) {
    const TempDirectory directory;
    Store::open(directory.path()).value()->put_backup(a_record('a')).value();
    const auto store = Store::open(directory.path()).value();
    EXPECT_EQ(store->backups().value(), std::vector<BackupRecord>{a_record('a')});
    EXPECT_FALSE(store->renewed());
}

TEST(BackupRecords, OfAPathIsTheOneThatSucceededLast) {
    const auto store = Store::over(std::make_shared<kv::MemoryEnv>()).value();
    store->put_backup(a_record('a')).value();
    BackupRecord newer = a_record('b');
    newer.success_ms = 40;
    store->put_backup(newer).value();
    EXPECT_EQ(backup::record_at(*store, "/disk/target").value(), newer);
    EXPECT_EQ(backup::record_at(*store, "/disk").value(), std::nullopt);
}

TEST(BackupRecords, AFailureBeforeTheFirstSuccessGoesWithIt) {
    const auto store = Store::over(std::make_shared<kv::MemoryEnv>()).value();
    for (int i = 0; i < 2; ++i)
        backup::note_failure(*store, "/disk/target", {}, {ErrorCode::kIo, "not there"}).value();
    const auto failed = store->backups().value();
    ASSERT_EQ(failed.size(), 1U);
    EXPECT_EQ(failed[0].error, "not there");
    EXPECT_EQ(failed[0].success_ms, 0U);
    backup::note_success(*store, a_record('a')).value();
    const auto records = store->backups().value();
    ASSERT_EQ(records.size(), 1U);
    EXPECT_EQ(records[0].target, a_record('a').target);
    EXPECT_EQ(records[0].error, "not there") << "what is newer is kept";
    EXPECT_EQ(records[0].error_ms, failed[0].error_ms);
}

TEST(BackupRecords, PathsAreWrittenInOneWay) {
    EXPECT_EQ(backup::plain_path("/a/b/../c/"), "/a/c");
    EXPECT_EQ(backup::plain_path("/a/./c"), "/a/c");
    EXPECT_EQ(backup::plain_path("c"), std::filesystem::current_path() / "c");
    EXPECT_EQ(backup::plain_path("/"), "/");
}

}  // namespace
}  // namespace kigumi
