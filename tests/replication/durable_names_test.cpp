#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "support/child_process.hpp"
#include "support/temp_directory.hpp"

/// What a crash of the machine must not lose beside the data: the names of the files, and of the
/// directories above them. `crash_at.cpp` tells what is synced.
namespace kigumi {
namespace {

class DurableNames : public testing::Test {
  protected:
    /// What a process synced, in order, that opens a directory and writes a transaction.
    std::vector<std::string> synced_by_opening(const std::filesystem::path& at) {
        const auto log = directory_.path() / "synced";
        std::filesystem::remove(log);
        ChildProcess writer({STORE_PROCESS, at.string(), "64", "write", "w", "1", "10"},
                            {"LD_PRELOAD=" CRASH_AT, "KIGUMI_SYNC_LOG=" + log.string()});
        EXPECT_EQ(writer.line(), "open");
        EXPECT_EQ(writer.line(), "0");
        EXPECT_EQ(writer.wait(), 0);
        std::vector<std::string> paths;
        std::ifstream in(log);
        for (std::string line; std::getline(in, line);) paths.push_back(line);
        return paths;
    }
    static std::size_t first(const std::vector<std::string>& paths,
                             const std::filesystem::path& path) {
        const auto at = std::find(paths.begin(), paths.end(), path.string());
        return static_cast<std::size_t>(at - paths.begin());
    }

    TempDirectory directory_;
    const std::filesystem::path root_ = std::filesystem::canonical(directory_.path());
};

TEST_F(DurableNames, OfANewStoreAndAllDirectoriesAboveIt) {
    const auto at = root_ / "a" / "b" / "node";
    const auto paths = synced_by_opening(at);
    for (const auto& directory : {root_, root_ / "a", root_ / "a" / "b", at})
        EXPECT_LT(first(paths, directory), paths.size()) << directory << " was not synced";
    EXPECT_LT(first(paths, at / "data.mdb"), paths.size());
}

TEST_F(DurableNames, OfAStoreInADirectoryThatIsThere) {
    const auto at = root_ / "node";
    std::filesystem::create_directory(at);
    const auto paths = synced_by_opening(at);
    EXPECT_LT(first(paths, root_), paths.size()) << "whoever made it may not have synced it";
    EXPECT_LT(first(paths, at), paths.size());
    const auto again = synced_by_opening(at);
    EXPECT_EQ(first(again, root_), again.size()) << "once is enough";
}

}  // namespace
}  // namespace kigumi
