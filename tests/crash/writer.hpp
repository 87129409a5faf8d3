#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "support/process.hpp"

namespace kigumi::crash {

/// A burst_writer, and what it has said of its writes so far.
class Writer {
  public:
    /// Its output goes beside the data directory.
    Writer(const std::filesystem::path& data, const std::string& name,
           const std::vector<std::string>& environment = {});

    Process& process() { return process_; }
    const std::string& name() const { return name_; }

    /// Takes in what it has said since. False if that was something else than a writer says.
    bool listen();
    /// The first write that it has not spoken of.
    std::int64_t next() const { return next_; }
    /// Writes that ended in an error.
    const std::set<std::int64_t>& refused() const { return refused_; }
    std::uint64_t acknowledged() const {
        return static_cast<std::uint64_t>(next_) - refused_.size();
    }
    /// The kind of the step that was made to go wrong; empty if none was yet.
    const std::string& fault() const { return fault_; }

  private:
    bool take(const std::string& line);

    std::string name_;
    Process process_;
    std::size_t heard_ = 0;
    std::int64_t next_ = 0;
    std::set<std::int64_t> refused_;
    std::string fault_;
};

}  // namespace kigumi::crash
