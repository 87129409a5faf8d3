#include "check.hpp"
#include "input.hpp"
#include "kigumi/daemon/backup_manifest.hpp"

/// The manifest of a backup target, from anybody: what is accepted fits together, and survives
/// being written.
namespace kigumi::fuzz {
namespace {

void run(std::string_view text) {
    const auto manifest = backup::parse_manifest(text);
    if (!manifest) return;
    const auto again = backup::parse_manifest(backup::to_json(*manifest));
    require(again.has_value(), "the manifest that is written can be parsed");
    require(*again == *manifest, "a manifest survives its file");
    for (const backup::Entry& entry : manifest->entries) {
        const auto chain = manifest->chain(entry);
        require(chain.front().full() && chain.back() == entry,
                "every chain begins with a full one");
    }
}

}  // namespace
}  // namespace kigumi::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    kigumi::fuzz::run(kigumi::fuzz::as_text(data, size));
    return 0;
}
