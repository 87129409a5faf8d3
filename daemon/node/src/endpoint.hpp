#pragma once

#include <string>

#include "kigumi/crdt/result.hpp"

namespace kigumi {

/// `tcp://HOST:PORT` from `HOST:PORT` or itself. Without keys only loopback hosts are accepted, and
/// only if the caller asked for plain text.
Result<std::string> endpoint_of(const std::string& address, bool insecure);

/// What stands behind the scheme of an endpoint: `HOST:PORT`.
std::string address_of(const std::string& endpoint);

/// Where others reach a node that listens there: the address itself, or, if it is every address of
/// the machine, the machine's name with the same port.
std::string reachable_address(const std::string& bound);

}  // namespace kigumi
