#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace kigumi::bench {

/// Real `kigumid` processes, fully meshed on loopback, each over a directory of its own; all gone,
/// files included, when the object is.
class Daemons {
  public:
    /// `prepare` may fill node 0's directory before anything runs.
    explicit Daemons(unsigned count,
                     const std::function<void(const std::filesystem::path&)>& prepare = {});
    ~Daemons();
    Daemons(const Daemons&) = delete;
    Daemons& operator=(const Daemons&) = delete;

    std::filesystem::path directory(unsigned node) const;
    /// Memory of the process now, beyond mapped files (LMDB's map is one), in bytes.
    std::uint64_t anonymous_bytes(unsigned node) const;

  private:
    std::filesystem::path root_;
    std::vector<pid_t> processes_;
};

}  // namespace kigumi::bench
