#include "options.hpp"

namespace kigumi::config {
namespace {

template <auto Member>
using Node = Place<&Config::node, Member>;

template <auto Member>
using Replication = Place<&Config::node, &NodeOptions::replication, Member>;

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
        {"node.advertise", "--advertise", "", Reload::kRestart,
         "Where other nodes reach this one, HOST:PORT, if that is not what it listens on.",
         "Empty: the address that it listens on, or this machine's name if it listens on all.",
         "A wrong address is dialled in vain; the node still reaches others, and links carry both "
         "ways.",
         Text{Node<&NodeOptions::advertise>()}},
        {"node.only_peers", "--only-peers", "", Reload::kRestart,
         "Hold links to the named peers only, and look for no other nodes.",
         "Otherwise one running node is enough to find all, and who is gone is known in seconds.",
         "For networks that are to have the form they were given: nobody is told alive or down "
         "then.",
         Switch{Node<&NodeOptions::only_peers>()}},
        {"node.leaf", "--leaf", "", Reload::kRestart,
         "Hold links to a few masters and relay nothing.",
         "A node at the edge should not carry what others say to each other.",
         "It is cut off when those few masters are, until it is told of others.",
         Switch{Node<&NodeOptions::leaf>()}},
        {"node.peers", "--peer", "", Reload::kRestart,
         "Other nodes to connect to: [PUBLICKEY@]HOST:PORT.",
         "One of two nodes naming the other is enough, so a new node names those that are there.",
         "Each address that does not answer costs an attempt every ten seconds.",
         Texts{Node<&NodeOptions::peers>()}},
        {"node.key", "--key", "", Reload::kRestart,
         "The file of this node's key pair, as kigumi keygen makes it.",
         "There is no default: a key is made by an operator, who tells its public half to the "
         "peers.",
         "Whoever can read the file can pose as this node; it must be open to its owner only.",
         Text{Node<&NodeOptions::key_file>()}},
        {"node.allow", "--allow", "", Reload::kLive,
         "Peers that may get in and be spoken to: PUBLICKEY[,PUBLICKEY...][=RIGHTS].",
         "Nobody gets in who is not named; RIGHTS are all unless they are given (security.md), "
         "gossip "
         "among them (membership.md).",
         "Two keys of one peer are listed together while it changes from one to the other.",
         Texts{Node<&NodeOptions::allow>()}},
        {"node.cluster", "--cluster", "", Reload::kRestart,
         "The name of the cluster, at most 64 bytes; peers of another one are refused.",
         "Empty, which is a cluster like any other: keys already tell friends from strangers.",
         "A name saves two clusters with common keys (or without keys) from being joined by "
         "mistake.",
         Text{Replication<&ReplicatorOptions::cluster>()}},
        {"node.signed", "--signed", "", Reload::kRestart,
         "Buckets in which every write has to prove its origin (security.md).",
         "None: peers that may relay are trusted, and proofs cost 96 bytes and about 60 µs a "
         "write.",
         "All masters that write to such a bucket must name it before the first write; taking it "
         "off the list changes nothing.",
         Texts{Place<&Config::signed_buckets>()}},
        {"node.insecure", "--insecure", "", Reload::kRestart,
         "Plain text without keys, on loopback addresses only.",
         "Nothing that another machine could read or forge happens unasked.",
         "Every process of this machine may read and write the node's data through its port.",
         Switch{Node<&NodeOptions::insecure>()}},
    };
}

}  // namespace kigumi::config
