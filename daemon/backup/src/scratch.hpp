#pragma once

#include <filesystem>

#include "kigumi/crdt/result.hpp"

namespace kigumi::backup {

/// A directory for a while: it goes, with all that is in it, unless it has become something.
class Scratch {
  public:
    /// Makes an empty directory whose name is `path` and something that makes it new.
    static Result<Scratch> beside(const std::filesystem::path& path);

    ~Scratch();
    Scratch(Scratch&& other) noexcept : path_(std::exchange(other.path_, {})) {}
    Scratch& operator=(Scratch&&) = delete;

    const std::filesystem::path& path() const { return path_; }
    /// Gives it its name, durably; that must not exist or be an empty directory.
    Result<void> become(const std::filesystem::path& name);

  private:
    explicit Scratch(std::filesystem::path path) : path_(std::move(path)) {}
    std::filesystem::path path_;
};

}  // namespace kigumi::backup
