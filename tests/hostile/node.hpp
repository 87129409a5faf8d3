#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hostile/target.hpp"
#include "kigumi/daemon/keys.hpp"
#include "support/daemon.hpp"

namespace kigumi::hostile {

/// What a daemon takes, read from outside.
struct Usage {
    std::uint64_t peak_kib = 0;  ///< VmHWM
    std::uint64_t descriptors = 0;
    std::uint64_t log_bytes = 0;
    std::uint64_t store_bytes = 0;  ///< of data.mdb
};

/// An honest node: a daemon with a key and a configuration file, and the store beside it.
class Node {
  public:
    Node(std::string name, const std::filesystem::path& directory);

    /// Who may get in is in the configuration file, so that it can be changed.
    void allow(const std::vector<std::string>& entries) const;
    /// Throws if it does not run.
    void start(const std::vector<std::string>& peers);
    /// Reads the configuration file again.
    void reload() { daemon_.process().signal(1 /* SIGHUP */); }

    const std::string& name() const { return name_; }
    const std::string& key() const { return key_text_; }
    const std::string& address() const { return daemon_.address(); }
    Store& store() { return *store_; }
    Target target();
    Process& process() { return daemon_.process(); }
    const std::filesystem::path& directory() const { return daemon_.data(); }
    /// The replica that it was at first.
    const ReplicaId& first_replica() const { return first_replica_; }

    Usage usage();
    /// The longest turn of its loop since it was started, in ms, as it says itself. Nothing if it
    /// does not answer.
    std::optional<std::uint64_t> longest_turn_ms() const;
    /// What it believes of a member.
    struct Opinion {
        std::string liveness;
        std::string address;
    };
    /// Of each that it remembers, by replica in hexadecimal. Nothing if it does not answer.
    std::optional<std::map<std::string, Opinion>> opinions() const;

  private:
    const std::string name_;
    const std::filesystem::path key_file_;
    const std::filesystem::path config_;
    std::string key_text_;
    std::string http_;
    Daemon daemon_;
    std::unique_ptr<Store> store_;
    ReplicaId first_replica_;
};

}  // namespace kigumi::hostile
