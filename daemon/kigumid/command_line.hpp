#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kigumi/daemon/config.hpp"
#include "kigumi/daemon/options.hpp"

namespace kigumi {

/// What kigumid was told when it was started.
struct CommandLine {
    std::optional<std::string> file;  ///< `--config`
    /// The options that were given as flags, with their words.
    std::vector<std::pair<const config::Option*, std::vector<std::string>>> flags;
    bool print_config = false;
    std::optional<int> exit;  ///< all has been said: help or version

    /// The defaults, under the file as it is now, under the flags.
    Result<config::Config> config() const;
};

/// Reads the arguments; prints help or version if asked for.
Result<CommandLine> parse_command_line(int argc, char** argv);

}  // namespace kigumi
