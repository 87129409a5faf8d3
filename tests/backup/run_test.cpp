#include <gtest/gtest.h>

#include <fstream>

#include "backup/source.hpp"
#include "records.hpp"
#include "target.hpp"

namespace kigumi::backup {
namespace {

class BackupRun : public testing::Test {
  protected:
    void expect_full(const Report& report, const std::string& why) {
        EXPECT_TRUE(report.entry.full());
        EXPECT_NE(report.why_full.find(why), std::string::npos) << report.why_full;
    }
    void expect_incremental(const Report& report) {
        EXPECT_FALSE(report.entry.full()) << report.why_full;
        EXPECT_EQ(report.why_full, "");
    }
    Error failure(const Request& request) {
        const auto report = run(source_.store(), request);
        EXPECT_FALSE(report);
        return report ? Error() : report.error();
    }
    void expect_sound() { EXPECT_EQ(verify(source_.target()).value(), std::vector<std::string>()); }
    /// Many rows, so that a change is small beside them.
    void fill() {
        source_.write([](auto& tx) {
            for (int i = 0; i < 500; ++i)
                tx.reg("key-" + std::to_string(i)).assign(std::to_string(i * 7'919)).value();
        });
    }

    Source source_;
};

TEST_F(BackupRun, TheFirstIsFullAndTheNextOnesHoldWhatCameSince) {
    fill();
    const auto first = source_.back_up();
    expect_full(first, "the first");
    EXPECT_EQ(first.entry.rows, 500U);
    source_.assign("key-1", "new");
    const auto second = source_.back_up();
    expect_incremental(second);
    EXPECT_EQ(second.entry.rows, 1U);
    EXPECT_EQ(second.entry.previous, first.entry.number);
    const auto third = source_.back_up();
    expect_incremental(third);
    EXPECT_EQ(third.entry.rows, 0U);
    EXPECT_EQ(source_.manifest().entries,
              (std::vector<Entry>{first.entry, second.entry, third.entry}));
    EXPECT_EQ(third.entry.versions.at("default"), source_.store().read()->version());
    expect_sound();
}

TEST_F(BackupRun, AnEmptyStoreCanBeBackedUp) {
    source_.back_up();
    source_.assign("key", 1);
    source_.back_up();
    expect_sound();
}

TEST_F(BackupRun, IsFullWhenAskedFor) {
    fill();
    source_.back_up();
    expect_full(source_.back_up(true), "asked for");
}

TEST_F(BackupRun, IsFullWhenTheChainIsLong) {
    fill();
    source_.back_up();
    for (std::size_t i = 0; i < kMaxChain; ++i) expect_incremental(source_.back_up());
    expect_full(source_.back_up(), "24");
    expect_incremental(source_.back_up());
}

TEST_F(BackupRun, IsFullWhenTheIncrementalOnesOutgrowTheFullOne) {
    source_.assign("small", 1);
    source_.back_up();
    fill();
    expect_incremental(source_.back_up());
    expect_full(source_.back_up(), "larger");
}

TEST_F(BackupRun, IsFullWhenTheLastFullOneIsOld) {
    fill();
    source_.back_up();
    Request request = source_.request();
    request.full_every_ms = 3'600'000;
    source_.now_ms += 3'599'999;
    expect_incremental(run(source_.store(), request).value());
    source_.now_ms += 1;
    expect_full(run(source_.store(), request).value(), "1h");
}

TEST_F(BackupRun, IsFullWhenAFileOfTheChainIsGoneOrTorn) {
    fill();
    source_.back_up();
    const auto second = source_.back_up();
    std::filesystem::resize_file(source_.target() / second.entry.file, second.entry.bytes - 1);
    expect_full(source_.back_up(), second.entry.file);
    std::filesystem::remove(source_.target() / source_.manifest().entries.back().file);
    expect_full(source_.back_up(), "missing");
}

TEST_F(BackupRun, BucketsThatCannotBeIncrementalGoInFull) {
    fill();
    source_.write([](auto& tx) { static_cast<void>(tx.set("s").add("x").value()); });
    auto other = source_.store().write("other").value();
    other.reg("r").assign(1).value();
    other.commit().value();
    source_.back_up();
    source_.write([](auto& tx) { static_cast<void>(tx.set("s").erase("x").value()); });
    source_.collect(source_.store().read()->version());
    const auto second = source_.back_up();
    expect_incremental(second);
    EXPECT_EQ(second.entry.rows, 500U) << "all of the one, nothing of the other";
    expect_sound();
}

TEST_F(BackupRun, KeepsWhatTheRetentionAsksFor) {
    fill();
    for (int i = 0; i < 4; ++i) source_.back_up(true);
    Request request = source_.request();
    request.retention.keep = 2;
    const auto report = run(source_.store(), request).value();
    expect_incremental(report);
    EXPECT_EQ(report.dropped, 3U);
    const auto entries = source_.manifest().entries;
    ASSERT_EQ(entries.size(), 2U);
    EXPECT_EQ(source_.files(),
              (std::vector<std::string>{entries[0].file, entries[1].file, kManifestName,
                                        "readers.lock", "writer.lock"}));
    request.retention.keep = 0;
    EXPECT_EQ(failure(request).code, ErrorCode::kInvalidArgument);
    expect_sound();
}

TEST_F(BackupRun, FilesThatSomebodyReadsGoWithTheNextRun) {
    fill();
    const auto first = source_.back_up();
    Request request = source_.request();
    request.full = true;
    request.retention.keep = 1;
    {
        const auto reader = TargetReader::open(source_.target()).value();
        run(source_.store(), request).value();
        EXPECT_TRUE(is_intact(source_.target(), first.entry));
        EXPECT_TRUE(reader.files(first.entry).has_value());
    }
    run(source_.store(), request).value();
    EXPECT_FALSE(is_intact(source_.target(), first.entry));
    EXPECT_EQ(source_.files().size(), 4U);
}

TEST_F(BackupRun, RemovesWhatADeadRunHasLeftAndNothingElse) {
    fill();
    source_.back_up();
    for (const char* name : {"backup-00000002-full.bundle", "backup-00000002-full.bundle.partial",
                             "manifest.json.new", "backup-notes.txt"})
        std::ofstream(source_.target() / name) << "half a bund";
    const auto second = source_.back_up();
    EXPECT_EQ(second.entry.number, 2U);
    EXPECT_EQ(source_.files(),
              (std::vector<std::string>{source_.manifest().entries[0].file, second.entry.file,
                                        "backup-notes.txt", kManifestName, "readers.lock",
                                        "writer.lock"}));
    expect_sound();
}

TEST_F(BackupRun, OneProcessAtATimeWrites) {
    fill();
    source_.back_up();
    const auto other = TargetWriter::open(source_.target(), false).value();
    const Error error = failure(source_.request());
    EXPECT_EQ(error.code, ErrorCode::kBusy);
    EXPECT_NE(error.message.find(source_.target().string()), std::string::npos);
}

TEST_F(BackupRun, BundlesWithoutAManifestAreLeftAlone) {
    fill();
    source_.back_up();
    std::filesystem::remove(source_.target() / kManifestName);
    Request request = source_.request();
    request.full = true;
    const Error error = failure(request);
    EXPECT_EQ(error.code, ErrorCode::kCorrupt);
    EXPECT_NE(error.message.find(bundle_name(1, true)), std::string::npos) << error.message;
    EXPECT_TRUE(std::filesystem::exists(source_.target() / bundle_name(1, true)));
}

TEST_F(BackupRun, APlaceThatIsSuddenlyEmptyIsNoTarget) {
    fill();
    source_.back_up();
    std::filesystem::remove_all(source_.target());
    EXPECT_NE(failure(source_.request()).message.find("mount it"), std::string::npos);
    EXPECT_FALSE(std::filesystem::exists(source_.target()));
    const auto anew = source_.back_up(true);
    EXPECT_EQ(anew.entry.number, 1U);
    expect_incremental(source_.back_up());
    EXPECT_EQ(source_.store().backups().value().size(), 1U) << "the old one is forgotten";
}

TEST_F(BackupRun, OnlyTheTargetItselfIsCreated) {
    Request request = source_.request();
    request.target = source_.path("not-mounted") / "target";
    const Error error = failure(request);
    EXPECT_EQ(error.code, ErrorCode::kIo);
    EXPECT_NE(error.message.find("not-mounted/target"), std::string::npos);
    EXPECT_FALSE(std::filesystem::exists(source_.path("not-mounted")));
    std::ofstream(source_.path("file")) << "x";
    request.target = source_.path("file");
    EXPECT_NE(failure(request).message.find("Not a directory"), std::string::npos);
}

TEST_F(BackupRun, RemembersSuccessAndFailure) {
    fill();
    const auto report = source_.back_up();
    const auto after = record_at(source_.store(), source_.target()).value();
    ASSERT_TRUE(after);
    EXPECT_EQ(after->target, source_.manifest().target);
    EXPECT_EQ(after->success_ms, source_.now_ms);
    EXPECT_EQ(after->hold_until_ms, source_.now_ms + kHoldByHandMs);
    EXPECT_EQ(after->bytes, report.entry.bytes);
    EXPECT_TRUE(after->full);
    EXPECT_EQ(after->versions, report.entry.versions);
    source_.now_ms += 5;
    {
        const auto other = TargetWriter::open(source_.target(), false).value();
        failure(source_.request());
    }
    const auto failed = record_at(source_.store(), source_.target()).value();
    ASSERT_TRUE(failed);
    EXPECT_EQ(failed->error_ms, source_.now_ms);
    EXPECT_NE(failed->error.find("another process"), std::string::npos);
    EXPECT_EQ(failed->versions, after->versions);
    EXPECT_EQ(failed->hold_until_ms, after->hold_until_ms);
    EXPECT_TRUE(failed->failing());
    source_.back_up();
    const auto again = record_at(source_.store(), source_.target()).value();
    EXPECT_FALSE(again->failing());
    EXPECT_EQ(again->error, failed->error);
}

TEST_F(BackupRun, ForgetsATargetThatIsNoLongerUsed) {
    fill();
    source_.back_up();
    forget(source_.store(), source_.target()).value();
    EXPECT_TRUE(source_.store().backups().value().empty());
    EXPECT_EQ(forget(source_.store(), source_.target()).error().code, ErrorCode::kNotFound);
    expect_incremental(source_.back_up());
}

TEST_F(BackupRun, VerifyNamesWhatIsWrong) {
    fill();
    const auto first = source_.back_up();
    source_.assign("key-1", "new");
    const auto second = source_.back_up();
    const auto third = source_.back_up(true);
    const auto flip = [this](const Entry& entry, std::streamoff at) {
        std::fstream file(source_.target() / entry.file,
                          std::ios::in | std::ios::out | std::ios::binary);
        file.seekg(at);
        const char byte = static_cast<char>(file.get() ^ 1);
        file.seekp(at);
        file.put(byte);
    };
    flip(first.entry, static_cast<std::streamoff>(first.entry.bytes / 2));
    std::filesystem::remove(source_.target() / second.entry.file);
    const auto problems = verify(source_.target()).value();
    ASSERT_EQ(problems.size(), 2U);
    EXPECT_NE(problems[0].find(first.entry.file), std::string::npos) << problems[0];
    EXPECT_NE(problems[0].find("offset"), std::string::npos) << problems[0];
    EXPECT_NE(problems[1].find(second.entry.file), std::string::npos) << problems[1];
    // A bundle that is whole, but another.
    std::filesystem::copy_file(source_.target() / third.entry.file,
                               source_.target() / second.entry.file);
    const auto swapped = verify(source_.target()).value();
    EXPECT_GE(swapped.size(), 3U);
    EXPECT_NE(swapped[1].find(second.entry.file), std::string::npos) << swapped[1];
}

}  // namespace
}  // namespace kigumi::backup
