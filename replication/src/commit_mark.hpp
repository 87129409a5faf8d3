#pragma once

#include <cstdint>
#include <filesystem>

#include "kigumi/replication/files.hpp"

namespace kigumi {

/// The number of the newest commit that was made here, in a file beside the store. A store whose
/// own last commit is older has gone back in time: its file was replaced by an earlier one.
///
/// It is written after a commit and never synced, so after a power cut it may be behind, which
/// proves nothing; it is never ahead of what is durable. Thread-safe.
class CommitMark {
  public:
    CommitMark() = default;
    /// Beside the store in `directory`. Where it cannot be made, nothing is remembered.
    explicit CommitMark(const std::filesystem::path& directory);

    static std::filesystem::path path_in(const std::filesystem::path& directory);

    /// The number, or 0 if there is none.
    std::uint64_t read() const;
    void write(std::uint64_t commit) const;

  private:
    files::Descriptor file_;
};

}  // namespace kigumi
