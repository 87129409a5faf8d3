#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "bundle/import.hpp"
#include "import_mark.hpp"
#include "kigumi/replication/batch.hpp"
#include "protocol/pull_client.hpp"
#include "support/temp_directory.hpp"
#include "support/value_generators.hpp"

/// Large bundles: put aside, visible at once, folded in behind.
namespace kigumi {
namespace {

constexpr int kMembers = 3'000;
constexpr bundle::ImportSteps kSmallSteps{100, 1'000, 50, 2'000};

class ImportSteps : public testing::Test {
  protected:
    ImportSteps() {
        const auto from = Store::open(directory_.path() / "from").value();
        auto tx = from->write().value();
        for (int i = 0; i < kMembers; ++i)
            static_cast<void>(tx.set("s").add(static_cast<std::int64_t>(i)).value());
        tx.commit().value();
        bundle::write(*from, file()).value();
        version_ = from->read().value().version();
        into_ = Store::open(directory_.path() / "into").value();
    }
    std::filesystem::path file() const { return directory_.path() / "bundle"; }
    Result<std::vector<bundle::Summary>> import() {
        return bundle::import_in(kSmallSteps, *into_, {file()}, {});
    }
    std::size_t members() {
        auto tx = into_->read().value();
        return tx.set("s").size().value();
    }

    TempDirectory directory_;
    VersionVector version_;
    std::unique_ptr<Store> into_;
};

TEST_F(ImportSteps, ShowAllOrNothingAndLeaveNothingBehind) {
    std::atomic<bool> done = false;
    std::thread importing([&] {
        EXPECT_TRUE(import());
        done = true;
    });
    std::size_t written = 0;
    while (!done) {
        {
            auto tx = into_->read().value();
            const std::size_t shown = tx.set("s").size().value();
            EXPECT_EQ(shown, tx.version().covers(version_) ? kMembers : 0U);
        }
        auto tx = into_->write().value();
        static_cast<void>(tx.set("own").add(static_cast<std::int64_t>(written++)).value());
        tx.commit().value();
    }
    importing.join();
    auto tx = into_->read().value();
    EXPECT_EQ(tx.set("s").size().value(), std::size_t{kMembers});
    EXPECT_EQ(tx.set("own").size().value(), written);
    EXPECT_FALSE(tx.folding());
    tx.check_log().value();
    EXPECT_TRUE(into_->staged_mark(kDefaultBucket).value().empty());
}

TEST_F(ImportSteps, GoOnWhereAnotherImportWasKilled) {
    {
        auto tx = into_->write().value();
        Row row;
        row.insert({{replica(9), 1}, Hlc::at_ms(1), Value("left behind")});
        tx.stage({{"old", Type::kRegister, {}}, row}).value();
        tx.mark_staged(std::string(kImportMark) + "1 1").value();
        tx.commit().value();
    }
    import().value();
    EXPECT_EQ(members(), std::size_t{kMembers});
    auto tx = into_->read().value();
    EXPECT_FALSE(tx.reg("old").get().value());
    EXPECT_EQ(tx.version()[replica(9)], 0U);
}

/// A pull of some rows by a node, beside imports by other processes.
class ImportBesidePull : public ImportSteps {
  protected:
    ImportBesidePull() : client_(*into_, std::string(kDefaultBucket), options()) {}
    const ReplicatorOptions& options() {
        options_.staged_max_bytes = 1;
        options_.step_rows = 1;
        options_.random = [this] { return ++random_; };
        return options_;
    }
    Result<wire::Pull> begin(std::uint64_t now_ms) {
        return client_.begin(1, replica(7), into_->read().value().version(), now_ms, 1'000);
    }
    /// One more row of the answer, which goes to disk at once.
    Result<wire::Credit> take(std::uint64_t number) {
        BatchWriter batch;
        Row row;
        row.insert({{replica(7), number + 1}, Hlc::at_ms(1), Value("pulled")});
        batch.add({{"p" + std::to_string(number), Type::kRegister, {}}, row});
        wire::Cursor cursor;
        cursor.to = {{replica(7), 9}};
        KIGUMI_TRY(auto taken,
                   client_.take({random_, 5, number, batch.finish(), cursor}, nullptr, 0));
        return client_.stage(std::move(*taken), false, 0);
    }
    auto finish(std::uint64_t number) {
        wire::Done done;
        done.session = random_;
        done.stream = 5;
        done.number = number;
        done.version = {{replica(7), number}};
        return client_.finish(done, nullptr);
    }

    ReplicatorOptions options_;
    std::uint64_t random_ = 0;
    PullClient client_;
};

TEST_F(ImportBesidePull, AnImportTakesThePlaceOfAPullWhichStartsOver) {
    ASSERT_TRUE(begin(0));
    ASSERT_TRUE(take(0));
    import().value();
    EXPECT_EQ(members(), std::size_t{kMembers});
    const auto next = take(1);
    ASSERT_FALSE(next);
    EXPECT_EQ(next.error().code, ErrorCode::kBusy);
    client_.abort(false);
    EXPECT_EQ(into_->read().value().version()[replica(7)], 0U) << "half an answer";
    ASSERT_TRUE(begin(1));
    ASSERT_TRUE(take(0));
    ASSERT_TRUE(take(1));
    EXPECT_EQ(finish(2).value(), PullClient::Finished::kLaidOver);
    auto tx = into_->read().value();
    EXPECT_EQ(tx.version()[replica(7)], 2U);
    EXPECT_EQ(tx.reg("p0").get().value().value(), Value("pulled"));
    EXPECT_EQ(tx.set("s").size().value(), std::size_t{kMembers});
}

TEST_F(ImportBesidePull, ACompleteAnswerDoesNotShowWithRowsOfAnImport) {
    ASSERT_TRUE(begin(0));
    ASSERT_TRUE(take(0));
    {
        auto tx = into_->write().value();
        ASSERT_TRUE(tx.clear_staged(100).value());
        tx.mark_staged(std::string(kImportMark) + "1 0").value();
        tx.commit().value();
    }
    const auto finished = finish(1);
    ASSERT_FALSE(finished);
    EXPECT_EQ(finished.error().code, ErrorCode::kBusy);
    EXPECT_TRUE(into_->read().value().version().empty());
}

TEST_F(ImportBesidePull, APullWaitsForAnImportAsLongAsItGoesOn) {
    const auto mark = [&](int rows) {
        auto tx = into_->write().value();
        tx.mark_staged(std::string(kImportMark) + "1 " + std::to_string(rows)).value();
        tx.commit().value();
    };
    mark(1);
    EXPECT_EQ(begin(0).error().code, ErrorCode::kBusy);
    EXPECT_EQ(begin(9'000).error().code, ErrorCode::kBusy);
    mark(2);
    EXPECT_EQ(begin(12'000).error().code, ErrorCode::kBusy) << "it goes on";
    EXPECT_TRUE(begin(30'000)) << "it was killed";
    EXPECT_TRUE(into_->staged_mark(kDefaultBucket).value().empty());
}

}  // namespace
}  // namespace kigumi
