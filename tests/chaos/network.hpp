#pragma once

#include <set>
#include <string>
#include <vector>

namespace kigumi::chaos {

/// Some hosts on one switch, all in network namespaces of this machine. Hosts can be cut off from
/// the others, in a group that still sees itself. Goes away with its object.
class Network {
  public:
    /// Whether this process may make namespaces: that takes root.
    static bool allowed();

    explicit Network(unsigned hosts);
    ~Network();
    Network(const Network&) = delete;
    Network& operator=(const Network&) = delete;

    /// What has to stand before a command that is to run on a host.
    std::vector<std::string> on(unsigned host) const;
    /// The address of a host.
    static std::string address(unsigned host);

    /// Cuts these off from all others; who was cut off before is not any more.
    void cut_off(const std::set<unsigned>& island);
    void heal() { cut_off({}); }

  private:
    std::string name(const std::string& of) const;
    std::string host_name(unsigned host) const { return name(std::to_string(host)); }
    void remove() const;

    const unsigned hosts_;
};

}  // namespace kigumi::chaos
