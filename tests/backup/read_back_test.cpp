#include <gtest/gtest.h>

#include "backup/source.hpp"
#include "kigumi/replication/check.hpp"
#include "row_record.hpp"
#include "schema.hpp"

/// A backup is called one only once it could be read.
namespace kigumi::backup {
namespace {

using kv::Table;

class ReadBack : public testing::Test {
  protected:
    void SetUp() override {
        source_.assign("a", 1);
        source_.back_up();
        source_.assign("b", 2);
    }
    /// Takes away the log entry of the last write: what is written of that in full cannot be
    /// restored.
    void lose_log_entry() {
        auto txn = source_.env().begin_write().value();
        txn->erase(Table::kLog, schema::log_key(1, 0, 2)).value();
        txn->commit().value();
    }
    void repair() { static_cast<void>(check::repair(source_.store(), {}).value()); }

    Source source_;
};

TEST_F(ReadBack, WhatCannotBeRestoredIsNoBackupAndLeavesTheChain) {
    const Manifest before = source_.manifest();
    const auto files = source_.files();
    lose_log_entry();
    Request request = source_.request();
    request.full = true;
    const auto report = run(source_.store(), request);
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code, ErrorCode::kCorrupt);
    EXPECT_NE(report.error().message.find("could not be read back"), std::string::npos)
        << report.error().message;
    EXPECT_NE(report.error().message.find("kigumi check"), std::string::npos);
    EXPECT_EQ(source_.manifest().entries, before.entries);
    EXPECT_EQ(source_.files(), files) << "nothing is left of it";
    const auto records = source_.store().backups().value();
    ASSERT_EQ(records.size(), 1U);
    EXPECT_NE(records[0].error.find("could not be read back"), std::string::npos);
    EXPECT_EQ(verify(source_.target()).value(), std::vector<std::string>());

    repair();
    EXPECT_TRUE(source_.back_up(true).entry.full());
    EXPECT_TRUE(source_.restore_at({}, "restored"));
}

TEST_F(ReadBack, ABundleThatStoodThereBeforeStays) {
    const auto file = source_.path("bundle");
    const auto first = bundle::write(source_.store(), file).value();
    lose_log_entry();
    const auto second = bundle::write(source_.store(), file);
    ASSERT_FALSE(second);
    EXPECT_NE(second.error().message.find(file.string() + " was not written"), std::string::npos);
    EXPECT_EQ(bundle::verify(file)->checksum, first.checksum);
    EXPECT_FALSE(std::filesystem::exists(file.string() + ".partial"));
}

TEST_F(ReadBack, AWriteThatTheVersionDoesNotCoverIsNoBackup) {
    // A row that no replica can have written, under a sound checksum.
    class Numbers : public codec::OriginNumbers {
        std::uint64_t number_of(const ReplicaId&) override { return 0; }
    } numbers;
    const RowKey at{"c", Type::kRegister, {}};
    Row row;
    row.insert({{source_.store().replica().value(), 99}, Hlc::at_ms(1), Value("x")});
    const StoreKey key = store_key(at);
    auto txn = source_.env().begin_write().value();
    txn->put(Table::kRows, schema::bucket_prefix(1) + key.bytes,
             encode_record(key.bytes, key.shortened, at, row, numbers))
        .value();
    txn->commit().value();
    Request request = source_.request();
    request.full = true;
    const auto report = run(source_.store(), request);
    ASSERT_FALSE(report);
    EXPECT_NE(report.error().message.find("could not be read back"), std::string::npos);
}

}  // namespace
}  // namespace kigumi::backup
