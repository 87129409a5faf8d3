#pragma once

#include <string>

#include "kigumi/replication/replicator.hpp"

namespace kigumi {

/// The log of the process on stderr, one line for each event. Thread-safe. `level` and `format` are
/// as in the table of options; may be called again.
void set_up_log(const std::string& level, const std::string& format);
void log(const Effects::Note& note);

}  // namespace kigumi
