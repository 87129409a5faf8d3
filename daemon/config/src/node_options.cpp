#include "options.hpp"

namespace kigumi::config {
namespace {

template <auto Member>
using Node = Place<&Config::node, Member>;

}  // namespace

std::vector<Option> node_options() {
    return {
        {"node.data", "--data", "", Reload::kRestart,
         "The node's data directory, created if needed.",
         "There is no default: two nodes on one directory by accident would be refused.",
         "A local disk that keeps what it has acknowledged; never a network file system.",
         Text{Place<&Config::data>()}},
        {"node.listen", "--listen", "", Reload::kRestart,
         "The address to listen on, HOST:PORT; the port may be *.",
         "There is no default: which network may reach a node is not ours to guess.",
         "A node that nobody can reach still replicates by the peers that it dials.",
         Text{Node<&NodeOptions::listen>()}},
        {"node.peers", "--peer", "", Reload::kRestart, "Addresses of other nodes to connect to.",
         "One of two nodes naming the other is enough, so a new node names those that are there.",
         "Each address that does not answer costs an attempt every ten seconds.",
         Texts{Node<&NodeOptions::peers>()}},
        {"node.insecure", "--insecure", "", Reload::kRestart,
         "Plain text without keys, on loopback addresses only.",
         "Nothing that another machine could read or forge happens unasked.",
         "Every process of this machine may read and write the node's data through its port.",
         Switch{Node<&NodeOptions::insecure>()}},
    };
}

}  // namespace kigumi::config
