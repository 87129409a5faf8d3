#include <sstream>

#include "process/site.hpp"

namespace kigumi {
namespace {

class Crash : public ProcessTest {};

/// A writer in the middle of its burst.
std::unique_ptr<Process> start_burst(const Site& site, const std::filesystem::path& output) {
    auto writer = std::make_unique<Process>(
        std::vector<std::string>{KIGUMI_BURST_WRITER, site.directory().string(),
                                 output.filename().string()},
        output);
    EXPECT_TRUE(
        eventually(std::chrono::seconds(20), [&writer] { return writer->output().size() > 500; }));
    return writer;
}

/// The numbers that the writer said were acknowledged: 0, 1, 2… without the last, possibly torn
/// line.
std::int64_t acknowledged(const Process& writer) {
    std::istringstream lines(writer.output());
    std::int64_t n = 0;
    for (std::string line; std::getline(lines, line) && !lines.eof(); ++n)
        EXPECT_EQ(line, std::to_string(n));
    return n;
}

TEST_F(Crash, OfDaemonAndWriterLosesNothingAcknowledged) {
    make_mesh();
    std::vector<std::string> others = {sites_[0].address(), sites_[2].address()};
    std::int64_t at_least = 0;
    std::int64_t at_most = 0;
    for (int round = 0; round < 4; ++round) {
        Site& site = sites_[1];
        const std::string name = "burst" + std::to_string(round);
        const auto writer = start_burst(site, scratch_.path() / name);
        // Either may die first.
        if (round % 2 == 0) writer->kill();
        site.daemon().kill();
        writer->kill();
        site.start(others);
        // One transaction was under way. LMDB may have written it and show it only when the next
        // writer begins: after this write nothing can come to light any more.
        site.assign("settled", name);
        expect_converged();
        at_least += acknowledged(*writer);
        at_most += acknowledged(*writer) + 1;
        const std::int64_t total = site.count("burst");
        EXPECT_GE(total, at_least);
        EXPECT_LE(total, at_most);
        for (Site& each : sites_) {
            for (std::int64_t i = 0; i < acknowledged(*writer); ++i)
                EXPECT_TRUE(each.contains("burst", name + ":" + std::to_string(i)))
                    << "lost: " << i;
            EXPECT_EQ(each.count("burst"), total);
        }
    }
}

TEST_F(Crash, OfTheWriterAloneLeavesTheDaemonAtWork) {
    make_mesh();
    const auto writer = start_burst(sites_[1], scratch_.path() / "burst");
    writer->kill();
    sites_[1].increment("burst", 1'000'000);
    expect_converged();
    EXPECT_GE(sites_[0].count("burst"), 1'000'000 + acknowledged(*writer));
    for (Site& site : sites_) EXPECT_TRUE(site.daemon().running());
}

TEST_F(Crash, OfEveryDaemonInTurnWhileAllWrite) {
    make_mesh();
    std::vector<std::string> addresses;
    for (const Site& site : sites_) addresses.push_back(site.address());
    for (std::size_t i = 0; i < sites_.size(); ++i) {
        for (Site& site : sites_) site.increment("count", 1);
        sites_[i].daemon().kill();
        for (Site& site : sites_) site.increment("count", 1);
        std::vector<std::string> others = addresses;
        others.erase(others.begin() + static_cast<std::ptrdiff_t>(i));
        sites_[i].start(others);
    }
    expect_converged();
    EXPECT_EQ(sites_[0].count("count"), 18);
}

}  // namespace
}  // namespace kigumi
