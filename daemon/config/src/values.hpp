#pragma once

#include <string>

#include "kigumi/daemon/options.hpp"

namespace kigumi::config {

// Setting an option of that kind; errors as in `set_words`.
Result<void> set_number(const Option& option, Config& config, std::uint64_t number);
Result<void> set_fraction(const Option& option, Config& config, double number);
Result<void> set_choice(const Option& option, Config& config, const std::string& word);

/// A number that TOML reads as a floating-point one.
std::string fraction_text(double number);

}  // namespace kigumi::config
