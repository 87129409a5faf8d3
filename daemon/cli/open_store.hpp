#pragma once

#include <memory>
#include <string>

#include "command.hpp"

namespace kigumi::cli {

/// One line on standard error, whatever the message quotes.
void report(std::string message);

/// Opens the node's data directory; one that is only read must exist. Tells if the node goes on
/// under another identity.
Result<std::unique_ptr<Store>> open_store(const std::string& data, Access access);

/// The data directory that was given, for commands that make it themselves.
Result<std::filesystem::path> data_directory(const std::string& data);

}  // namespace kigumi::cli
