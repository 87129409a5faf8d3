#include "options.hpp"

namespace kigumi::config {

std::vector<Option> node_options() {
    return {{"node.data", "--data", "", Reload::kRestart,
             "The node's data directory, created if needed.",
             "There is no default: two nodes on one directory by accident would be refused.",
             "A local disk that keeps what it has acknowledged; never a network file system.",
             Text{[](Config & c) -> auto& {return c.data;
}
}  // namespace kigumi::config
}
, {"node.listen", "--listen", "", Reload::kRestart,
   "The address to listen on, HOST:PORT; the port may be *.",
   "There is no default: which network may reach a node is not ours to guess.",
   "A node that nobody can reach still replicates by the peers that it dials.",
   Text{[](Config & c) -> auto& {return c.node.listen;
}
}
}
, {"node.peers", "--peer", "", Reload::kRestart,
   "Other nodes to connect to: [PUBLICKEY@]HOST:PORT.",
   "One of two nodes naming the other is enough, so a new node names those that are there.",
   "Each address that does not answer costs an attempt every ten seconds.",
   Texts{[](Config & c) -> auto& {return c.node.peers;
}
}
}
, {"node.key", "--key", "", Reload::kRestart,
   "The file of this node's key pair, as kigumi keygen makes it.",
   "There is no default: a key is made by an operator, who tells its public half to the peers.",
   "Whoever can read the file can pose as this node; it must be open to its owner only.",
   Text{[](Config & c) -> auto& {return c.node.key_file;
}
}
}
, {"node.allow", "--allow", "", Reload::kLive,
   "Peers that may get in and be spoken to: PUBLICKEY[,PUBLICKEY...][=RIGHTS].",
   "Nobody gets in who is not named; RIGHTS are all unless they are given (security.md).",
   "Two keys of one peer are listed together while it changes from one to the other.",
   Texts{[](Config & c) -> auto& {return c.node.allow;
}
}
}
, {"node.cluster", "--cluster", "", Reload::kRestart,
   "The name of the cluster, at most 64 bytes; peers of another one are refused.",
   "Empty, which is a cluster like any other: keys already tell friends from strangers.",
   "A name saves two clusters with common keys (or without keys) from being joined by mistake.",
   Text{[](Config & c) -> auto& {return c.node.replication.cluster;
}
}
}
, {"node.insecure", "--insecure", "", Reload::kRestart,
   "Plain text without keys, on loopback addresses only.",
   "Nothing that another machine could read or forge happens unasked.",
   "Every process of this machine may read and write the node's data through its port.",
   Switch{[](Config & c) -> auto& {return c.node.insecure;
}
}
}
,
}
;
}

}  // namespace kigumi::config
