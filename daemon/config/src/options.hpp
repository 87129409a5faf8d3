#pragma once

#include "kigumi/daemon/options.hpp"

namespace kigumi::config {

/// The place in a Config that these members lead to, one after the other.
template <auto First, auto... Rest>
struct Place {
    auto& operator()(Config& config) const { return ((config.*First).*....*Rest); }
};

/// Makes the options of one section.
struct Section {
    const char* name;
    Reload reload;

    Option operator()(const char* option, const char* flag, const char* unit, Kind kind,
                      const char* meaning, const char* reason, const char* trade) const {
        return {std::string(name) + '.' + option,
                flag,
                unit,
                reload,
                meaning,
                reason,
                trade,
                std::move(kind)};
    }
};

// The sections of the table.
std::vector<Option> node_options();
std::vector<Option> replication_options();
std::vector<Option> membership_options();
std::vector<Option> service_options();
std::vector<Option> backup_options();

inline constexpr std::uint64_t kSecond = 1'000;
inline constexpr std::uint64_t kHour = 3'600 * kSecond;
inline constexpr std::uint64_t kDay = 24 * kHour;
inline constexpr std::uint64_t kKiB = 1'024;
inline constexpr std::uint64_t kMiB = 1'024 * kKiB;
inline constexpr std::uint64_t kGiB = 1'024 * kMiB;

}  // namespace kigumi::config
