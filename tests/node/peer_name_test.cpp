#include "peer_name.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace kigumi {
namespace {

/// A connection between two addresses of loopback; `listening` may be of IPv6.
struct Pair {
    int door;
    int client;
    int server = -1;

    Pair(bool v6_door, const char* from)
        : door(socket(v6_door ? AF_INET6 : AF_INET, SOCK_STREAM, 0)),
          client(socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_storage name{};
        name.ss_family = v6_door ? AF_INET6 : AF_INET;
        const int off = 0;
        if (v6_door) setsockopt(door, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
        socklen_t size = v6_door ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
        if (bind(door, reinterpret_cast<sockaddr*>(&name), size) != 0 || listen(door, 1) != 0)
            return;
        getsockname(door, reinterpret_cast<sockaddr*>(&name), &size);
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = v6_door ? reinterpret_cast<const sockaddr_in6&>(name).sin6_port
                              : reinterpret_cast<const sockaddr_in&>(name).sin_port;
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        sockaddr_in own{};
        own.sin_family = AF_INET;
        inet_pton(AF_INET, from, &own.sin_addr);
        if (bind(client, reinterpret_cast<const sockaddr*>(&own), sizeof own) != 0 ||
            connect(client, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0)
            return;
        server = accept(door, nullptr, nullptr);
    }
    ~Pair() {
        for (const int fd : {door, client, server})
            if (fd >= 0) close(fd);
    }
};

TEST(PeerName, TellsTheRangeOfAnAddress) {
    const Pair pair(false, "127.9.8.7");
    ASSERT_GE(pair.server, 0);
    const PeerName name = peer_name(pair.server);
    EXPECT_EQ(name.host, "127.9.8.7");
    EXPECT_EQ(name.range, "127.9.8.0/24");
    EXPECT_EQ(name.site, "127.9.0.0/16");
}

TEST(PeerName, TakesAnIpv4AddressOfAnIpv6SocketForWhatItIs) {
    const Pair pair(true, "127.9.8.7");
    if (pair.server < 0) GTEST_SKIP() << "no IPv6 on this machine";
    const PeerName name = peer_name(pair.server);
    EXPECT_EQ(name.host, "127.9.8.7");
    EXPECT_EQ(name.range, "127.9.8.0/24");
}

TEST(PeerName, IsEmptyOfWhatIsNoTcpConnection) {
    EXPECT_EQ(peer_name(-1).host, "");
    const Pair pair(false, "127.0.0.1");
    EXPECT_EQ(peer_name(pair.door).host, "");
    EXPECT_EQ(socket_inode(-1), 0U);
    EXPECT_NE(socket_inode(pair.door), 0U);
    EXPECT_NE(socket_inode(pair.door), socket_inode(pair.client));
}

}  // namespace
}  // namespace kigumi
