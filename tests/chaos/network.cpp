#include "chaos/network.hpp"

#include <unistd.h>

#include <cstdlib>
#include <stdexcept>

namespace kigumi::chaos {
namespace {

constexpr const char* kIp = "/sbin/ip";
/// The namespace with the switches: one for those who are connected, one for those who are cut off.
constexpr const char* kSwitches = "hub";

bool try_ip(const std::string& arguments) {
    const std::string command = std::string(kIp) + " " + arguments + " >/dev/null 2>&1";
    return std::system(command.c_str()) == 0;
}

void ip(const std::string& arguments) {
    if (!try_ip(arguments)) throw std::runtime_error("ip " + arguments + " failed");
}

std::string port(unsigned host) { return "port" + std::to_string(host); }

}  // namespace

bool Network::allowed() {
    const std::string probe = "kigumi-probe-" + std::to_string(getpid());
    if (!try_ip("netns add " + probe)) return false;
    const bool linked = try_ip("-n " + probe + " link add probe type bridge");
    ip("netns del " + probe);
    return linked;
}

Network::Network(unsigned hosts) : hosts_(hosts) {
    try {
        const std::string hub = name(kSwitches);
        ip("netns add " + hub);
        for (const std::string bridge : {"main", "island"}) {
            ip("-n " + hub + " link add " + bridge + " type bridge");
            ip("-n " + hub + " link set " + bridge + " up");
        }
        for (unsigned host = 0; host < hosts; ++host) {
            const std::string ns = host_name(host);
            ip("netns add " + ns);
            ip("-n " + ns + " link add eth0 type veth peer name " + port(host) + " netns " + hub);
            ip("-n " + ns + " address add " + address(host) + "/24 dev eth0");
            ip("-n " + ns + " link set lo up");
            ip("-n " + ns + " link set eth0 up");
            ip("-n " + hub + " link set " + port(host) + " up");
        }
        heal();
    } catch (...) {
        remove();
        throw;
    }
}

Network::~Network() { remove(); }

void Network::remove() const {
    for (unsigned host = 0; host < hosts_; ++host) try_ip("netns del " + host_name(host));
    try_ip("netns del " + name(kSwitches));
}

std::string Network::name(const std::string& of) const {
    return "kigumi-" + std::to_string(getpid()) + "-" + of;
}

std::vector<std::string> Network::on(unsigned host) const {
    return {kIp, "netns", "exec", host_name(host)};
}

std::string Network::address(unsigned host) { return "10.77.0." + std::to_string(host + 1); }

void Network::cut_off(const std::set<unsigned>& island) {
    for (unsigned host = 0; host < hosts_; ++host)
        ip("-n " + name(kSwitches) + " link set " + port(host) + " master " +
           (island.contains(host) ? "island" : "main"));
}

}  // namespace kigumi::chaos
