#pragma once

#include <filesystem>
#include <string>

namespace kigumi {

/// A file system of a few MiB, in memory. It is mounted for this process and its children only, so
/// that nothing of it stays, however the process ends.
class TinyDisk {
  public:
    TinyDisk(std::filesystem::path at, unsigned mib);
    ~TinyDisk();
    TinyDisk(const TinyDisk&) = delete;
    TinyDisk& operator=(const TinyDisk&) = delete;

    /// Why it could not be mounted; empty if it was.
    const std::string& trouble() const { return trouble_; }
    const std::filesystem::path& path() const { return at_; }
    /// Takes all space but about `mib`.
    void leave_free(unsigned mib) const;
    /// Takes all space.
    void fill() const { leave_free(0); }
    /// Gives back what leave_free() and fill() took.
    void make_room() const;

  private:
    std::filesystem::path at_;
    std::string trouble_;
};

}  // namespace kigumi
