#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "kigumi/daemon/config_file.hpp"

namespace kigumi::config {
namespace {

constexpr const char* kPage = KIGUMI_SOURCE_DIR "/docs/operations/configuration.md";
constexpr const char* kMark =
    "<!-- The rest is made from the table of options: make config-doc. -->\n";

/// With KIGUMI_WRITE_DOCS in the environment, this writes what it otherwise checks.
TEST(ConfigReference, IsTheTableOfOptions) {
    std::ostringstream page;
    page << std::ifstream(kPage).rdbuf();
    const auto at = page.str().find(kMark);
    ASSERT_NE(at, std::string::npos) << kPage;
    const std::string head = page.str().substr(0, at) + kMark + "\n";
    if (std::getenv("KIGUMI_WRITE_DOCS") != nullptr) std::ofstream(kPage) << head << reference();
    std::ostringstream now;
    now << std::ifstream(kPage).rdbuf();
    EXPECT_EQ(now.str(), head + reference()) << "run make config-doc";
}

}  // namespace
}  // namespace kigumi::config
