#include <gtest/gtest.h>

#include <fstream>

#include "kigumi/daemon/backup_manifest.hpp"
#include "support/temp_directory.hpp"
#include "target.hpp"

namespace kigumi::backup {
namespace {

Entry an_entry(std::uint64_t number, std::optional<std::uint64_t> previous = {}) {
    Entry entry;
    entry.number = number;
    entry.file = bundle_name(number, !previous);
    entry.bytes = 1'000 + number;
    entry.checksum = "0123456789abcdef";
    entry.time_ms = 1'795'255'200'000 + number;
    entry.source = ReplicaId(ReplicaId::Bytes{1, 2, 3});
    entry.previous = previous;
    entry.versions["default"] = {{ReplicaId(ReplicaId::Bytes{1}), ~std::uint64_t{0}}};
    entry.versions["\"odd\" \xC3\xA9"] = {};
    entry.rows = 7;
    entry.row_bytes = 5'000;
    return entry;
}

Manifest a_manifest() {
    return {std::string(32, 'a'), {an_entry(1), an_entry(2, 1), an_entry(5, 2), an_entry(6)}};
}

void expect_refused(const std::string& text, const std::string& what) {
    const auto manifest = parse_manifest(text);
    ASSERT_FALSE(manifest) << text;
    EXPECT_NE(manifest.error().message.find(what), std::string::npos) << manifest.error().message;
}

/// The manifest with one piece of its text replaced.
std::string with(const std::string& piece, const std::string& other) {
    std::string text = to_json(a_manifest());
    const auto at = text.find(piece);
    EXPECT_NE(at, std::string::npos) << piece;
    return text.replace(at, piece.size(), other);
}

TEST(Manifest, IsReadBackAsItWasWritten) {
    EXPECT_EQ(parse_manifest(to_json(a_manifest())).value(), a_manifest());
    const Manifest empty{std::string(32, '0'), {}};
    EXPECT_EQ(parse_manifest(to_json(empty)).value(), empty);
}

TEST(Manifest, KnowsWhatABackupBuildsOn) {
    const Manifest manifest = a_manifest();
    const auto chain = manifest.chain(*manifest.find(5));
    ASSERT_EQ(chain.size(), 3U);
    EXPECT_EQ(chain[0], manifest.entries[0]);
    EXPECT_EQ(chain[2], manifest.entries[2]);
    EXPECT_EQ(manifest.chain(*manifest.find(6)).size(), 1U);
    EXPECT_EQ(manifest.find(3), nullptr);
}

TEST(Manifest, RefusesWhatDoesNotFitTogether) {
    expect_refused("", "not JSON");
    expect_refused("{", "not JSON");
    expect_refused("[]", "format");
    expect_refused("{}", "format");
    expect_refused(with("\"format\": 1", "\"format\": 2"), "format 2");
    expect_refused(with(std::string(32, 'a'), "xyz"), "target");
    expect_refused(with("\"backups\"", "\"backup\""), "backups");
    expect_refused(with("\"number\": 2", "\"number\": 1"), "entry 2: its number");
    expect_refused(with("\"number\": 2", "\"number\": -2"), "entry 2: number");
    expect_refused(with("\"previous\": 2", "\"previous\": 3"), "builds on backup 3");
    expect_refused(with("\"previous\": 2", "\"previous\": 5"), "builds on backup 5");
    expect_refused(with("\"previous\": 2", "\"previous\": \"2\""), "previous");
    expect_refused(with("0123456789abcdef", "0123456789ABCDEF"), "xxh3");
    expect_refused(with(bundle_name(1, true), "../../etc/passwd"), "file");
    expect_refused(with(bundle_name(2, false), bundle_name(1, true)), "two backups");
    expect_refused(with("\"source\": \"01", "\"source\": \"0x"), "source");
    expect_refused(with("18446744073709551615", "1.5"), "versions");
}

TEST(Manifest, NamesOfBundlesAreTheirOwn) {
    EXPECT_EQ(bundle_name(7, true), "backup-00000007-full.bundle");
    EXPECT_EQ(bundle_name(1'234'567'890, false), "backup-1234567890-incremental.bundle");
    EXPECT_TRUE(is_bundle_name(bundle_name(7, true)));
    EXPECT_TRUE(is_bundle_name(bundle_name(~std::uint64_t{0}, false)));
    for (const char* name : {"", "backup-", "backup-7-full.bundle", "backup-00000007-full.bundle/",
                             "backup-00000007-full.bundle.partial",
                             "../backup-00000007-full.bundle", "backup-00000007-half.bundle"})
        EXPECT_FALSE(is_bundle_name(name)) << name;
}

TEST(Manifest, OfATargetIsFoundOrMissedByName) {
    const TempDirectory directory;
    auto missing = read_manifest(directory.path());
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
    std::ofstream(directory.path() / kManifestName) << "{";
    auto broken = read_manifest(directory.path());
    ASSERT_FALSE(broken);
    EXPECT_NE(broken.error().message.find(kManifestName), std::string::npos);
    files::replace_file(directory.path() / kManifestName, to_json(a_manifest())).value();
    EXPECT_EQ(read_manifest(directory.path()).value(), a_manifest());
}

}  // namespace
}  // namespace kigumi::backup
