#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kigumi/daemon/backup_tiers.hpp"
#include "kigumi/daemon/node.hpp"

namespace kigumi::config {

/// All that kigumid can be told, with its defaults. What each means, its range, the reason for its
/// default and the trade stand in the table of options (`options.hpp`).
struct Config {
    std::string data;
    NodeOptions node;
    std::vector<std::string> signed_buckets;
    std::vector<backup::Tier> backups;
    std::string log_level = "info";
    std::string log_format = "text";
    std::string http_listen;  ///< empty: no HTTP
    std::uint64_t http_threads = 2;
    std::uint64_t http_timeout_ms = 5'000;
    std::uint64_t census_ms = 600'000;
    std::uint64_t drain_ms = 3'000;
    std::uint64_t watchdog_ms = 10'000;
};

}  // namespace kigumi::config
