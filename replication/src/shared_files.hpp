#pragma once

#include <filesystem>

namespace kigumi::files {

/// Makes a directory that this process has just created the group's, as `share_directory` does
/// where nothing is there yet.
void share_new_directory(const std::filesystem::path& directory);

}  // namespace kigumi::files
