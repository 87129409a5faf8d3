#pragma once

#include <optional>
#include <string>

#include "kigumi/daemon/keys.hpp"

namespace kigumi {

/// `tcp://HOST:PORT` from `HOST:PORT` or itself. In plain text only loopback hosts are accepted.
Result<std::string> endpoint_of(const std::string& address, bool plain_text);

/// Another node: where it is, and perhaps which key it must have.
struct PeerAddress {
    std::string endpoint;
    std::optional<PublicKey> key;
};
/// From `[PUBLICKEY@]HOST:PORT`.
Result<PeerAddress> peer_address_of(const std::string& peer, bool plain_text);

/// What stands behind the scheme of an endpoint: `HOST:PORT`.
std::string address_of(const std::string& endpoint);

/// Where others reach a node that listens there: the address itself, or, if it is every address of
/// the machine, the machine's name with the same port.
std::string reachable_address(const std::string& bound);

}  // namespace kigumi
