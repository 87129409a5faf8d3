#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "support/process.hpp"

namespace kigumi {

/// The arguments that make kigumid serve a directory.
std::vector<std::string> kigumid_command(const std::filesystem::path& data,
                                         const std::string& listen,
                                         const std::vector<std::string>& peers = {});

/// The kigumid of a data directory, which may be started, and killed, again and again.
class Daemon {
  public:
    explicit Daemon(std::filesystem::path data) : data_(std::move(data)) {}

    /// Waits until it listens; false if that does not happen. The port is the system's choice at
    /// first and stays the same from then on. `options` are added to the command.
    bool start(const std::vector<std::string>& peers = {},
               const std::vector<std::string>& environment = {},
               const std::vector<std::string>& options = {});
    /// Only after the first start.
    Process& process() { return *process_; }
    const std::filesystem::path& data() const { return data_; }
    /// Where it listens: `127.0.0.1:PORT`.
    const std::string& address() const { return address_; }

  private:
    std::filesystem::path data_;
    std::unique_ptr<Process> process_;
    std::string address_ = "127.0.0.1:*";
};

}  // namespace kigumi
