#include "peer_name.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace kigumi {
namespace {

template <std::size_t Size>
std::string text_of(int family, const std::array<std::uint8_t, Size>& address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    inet_ntop(family, address.data(), text.data(), text.size());
    return text.data();
}

/// The network of an address: its first `bytes` bytes, and zeros.
template <std::size_t Size>
std::string network_of(int family, std::array<std::uint8_t, Size> address, std::size_t bytes) {
    std::fill(address.begin() + static_cast<std::ptrdiff_t>(bytes), address.end(), 0);
    return text_of(family, address) + "/" + std::to_string(bytes * 8);
}

PeerName name_of_v4(const std::array<std::uint8_t, 4>& address) {
    return {text_of(AF_INET, address), network_of(AF_INET, address, 3),
            network_of(AF_INET, address, 2)};
}

}  // namespace

PeerName peer_name(int descriptor) {
    sockaddr_storage name{};
    socklen_t size = sizeof name;
    if (getpeername(descriptor, reinterpret_cast<sockaddr*>(&name), &size) != 0) return {};
    if (name.ss_family == AF_INET) {
        std::array<std::uint8_t, 4> v4{};
        std::memcpy(v4.data(), &reinterpret_cast<const sockaddr_in*>(&name)->sin_addr, v4.size());
        return name_of_v4(v4);
    }
    if (name.ss_family != AF_INET6) return {};
    const in6_addr& in = reinterpret_cast<const sockaddr_in6*>(&name)->sin6_addr;
    std::array<std::uint8_t, 16> v6{};
    std::memcpy(v6.data(), &in, v6.size());
    // What an IPv6 socket calls an IPv4 peer; they all have one prefix.
    if (IN6_IS_ADDR_V4MAPPED(&in)) return name_of_v4({v6[12], v6[13], v6[14], v6[15]});
    return {text_of(AF_INET6, v6), network_of(AF_INET6, v6, 8), network_of(AF_INET6, v6, 6)};
}

std::uint64_t socket_inode(int descriptor) {
    struct stat about {};
    return fstat(descriptor, &about) == 0 && S_ISSOCK(about.st_mode) ? about.st_ino : 0;
}

}  // namespace kigumi
