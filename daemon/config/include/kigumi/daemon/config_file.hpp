#pragma once

#include <filesystem>
#include <string>

#include "kigumi/clocks/export.hpp"
#include "kigumi/daemon/config.hpp"

namespace kigumi::config {

/// The size that a configuration may have.
inline constexpr std::size_t kMaxFileBytes = std::size_t{1} << 20;

/// Sets in `config` what the TOML text says. Errors, one line each, name `name`, line and column,
/// the key, what was wrong and what is allowed; a key that does not exist is an error. After an
/// error `config` is as it was.
KIGUMI_API Result<void> read_text(Config& config, const std::string& text, const std::string& name);
/// The same of a file; kNotFound or kIo if it cannot be read.
KIGUMI_API Result<void> read_file(Config& config, const std::filesystem::path& file);

/// A file that says all that `config` holds, with meaning, range, reason and trade as comments.
/// Reading it gives the same again.
KIGUMI_API std::string to_toml(const Config& config);
/// The reference of all options, as Markdown.
KIGUMI_API std::string reference();

}  // namespace kigumi::config
