#include "endpoint.hpp"

#include <arpa/inet.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace kigumi {
namespace {

constexpr std::string_view kScheme = "tcp://";

bool is_loopback(const std::string& host) {
    if (host == "localhost" || host == "[::1]") return true;
    in_addr address{};
    return inet_pton(AF_INET, host.c_str(), &address) == 1 && (ntohl(address.s_addr) >> 24) == 127;
}

bool is_port(const std::string& port) {
    if (port == "*") return true;
    const bool digits =
        !port.empty() && port.size() <= 5 &&
        std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
    return digits && std::stoi(port) <= 65535;
}

}  // namespace

Result<std::string> endpoint_of(const std::string& address, bool plain_text) {
    const std::string rest =
        address.starts_with(kScheme) ? address.substr(kScheme.size()) : address;
    const auto colon = rest.rfind(':');
    if (colon == std::string::npos || colon == 0 || !is_port(rest.substr(colon + 1)))
        return fail(
            ErrorCode::kInvalidArgument,
            "\"" + address + "\" is no address; write HOST:PORT, for example 127.0.0.1:7001");
    if (plain_text && !is_loopback(rest.substr(0, colon)))
        return fail(ErrorCode::kInvalidArgument, "\"" + address +
                                                     "\" is not a loopback address; plain text is "
                                                     "allowed on 127.0.0.0/8 and [::1] only");
    return std::string(kScheme) + rest;
}

Result<PeerAddress> peer_address_of(const std::string& peer, bool plain_text) {
    PeerAddress address;
    std::string rest = peer;
    if (peer.size() > PublicKey::kText && peer[PublicKey::kText] == '@') {
        KIGUMI_TRY(address.key, PublicKey::parse(peer.substr(0, PublicKey::kText)));
        if (plain_text)
            return fail(ErrorCode::kInvalidArgument,
                        "the peer \"" + peer +
                            "\" is named with a key, but --insecure is plain text without keys");
        rest = peer.substr(PublicKey::kText + 1);
    }
    KIGUMI_TRY(address.endpoint, endpoint_of(rest, plain_text));
    return address;
}

std::string address_of(const std::string& endpoint) {
    return endpoint.starts_with(kScheme) ? endpoint.substr(kScheme.size()) : endpoint;
}

std::string reachable_address(const std::string& bound) {
    const std::string address = address_of(bound);
    const auto colon = address.rfind(':');
    const std::string host = address.substr(0, colon);
    std::array<char, 256> name{};
    if ((host != "0.0.0.0" && host != "[::]") || gethostname(name.data(), name.size() - 1) != 0)
        return address;
    return name.data() + address.substr(colon);
}

}  // namespace kigumi
