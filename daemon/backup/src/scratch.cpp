#include "scratch.hpp"

#include <stdlib.h>

#include <cstdio>

#include "files.hpp"

namespace kigumi::backup {

Result<Scratch> Scratch::beside(const std::filesystem::path& path) {
    std::string name = path.string() + ".XXXXXX";
    if (mkdtemp(name.data()) == nullptr) return system_error("make a directory beside", path);
    return Scratch(name);
}

Scratch::~Scratch() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

Result<void> Scratch::become(const std::filesystem::path& name) {
    if (std::rename(path_.c_str(), name.c_str()) != 0) return system_error("make", name);
    path_.clear();
    return sync_directory(name.parent_path());
}

}  // namespace kigumi::backup
