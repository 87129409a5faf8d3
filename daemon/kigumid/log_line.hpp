#pragma once

#include <string>

#include "kigumi/replication/replicator.hpp"

namespace kigumi {

// One event as one line, without its time and level: nothing in it, whoever it came from, ends the
// line or passes for another field of the log.

/// `event=NAME key=value …`
std::string text_line(const Effects::Note& note);
/// The members of a JSON object: `"event":"NAME","key":"value",…`. A detail that is not made of
/// key=value pairs is one member, `detail`.
std::string json_line(const Effects::Note& note);

}  // namespace kigumi
