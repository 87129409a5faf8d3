#pragma once

#include <string>

#include "kigumi/crdt/result.hpp"

namespace kigumi {

/// `tcp://HOST:PORT` from `HOST:PORT` or itself. Without keys only loopback hosts are accepted, and
/// only if the caller asked for plain text.
Result<std::string> endpoint_of(const std::string& address, bool insecure);

}  // namespace kigumi
