#pragma once

#include <optional>
#include <string>
#include <vector>

#include "command.hpp"

namespace kigumi::cli {

/// The words behind a command that has options of its own: `--name`, `--name VALUE`, and others.
class Flags {
  public:
    explicit Flags(const Session& session) : words_(session.args) {}

    /// Whether the option is there.
    bool take(const std::string& name);
    /// What follows the option; nothing if it is not there.
    Result<std::optional<std::string>> take_value(const std::string& name);
    /// The same, as a whole number of at least `least`.
    Result<std::optional<std::uint64_t>> take_number(const std::string& name, std::uint64_t least);
    /// The one word that is left when all options have been taken; an error says what it is to be.
    Result<std::string> rest(const std::string& what) const;

  private:
    std::vector<std::string> words_;
};

}  // namespace kigumi::cli
