#pragma once

#include <set>
#include <string>
#include <vector>

#include "hostile/load.hpp"
#include "hostile/node.hpp"
#include "hostile/right.hpp"

/// What has to hold once the attacks are over. Each adds what it finds to `broken`.
namespace kigumi::hostile {

using Findings = std::vector<std::string>;

/// Both nodes come to the same versions of the honest buckets, with the rows that the writers
/// expect.
void check_rows(const std::vector<Node*>& nodes, const Expected& expected,
                std::chrono::seconds limit, Findings& broken);

/// The nodes are who they were, and the honest buckets name nobody but them and, if it may write
/// there, at most `max_hostile` of the ids of the peer.
void check_origins(const std::vector<Node*>& nodes, const std::set<ReplicaId>& hostile,
                   std::size_t max_hostile, Findings& broken);

/// Each node takes the others for alive and knows where they are, and remembers at most
/// `max_strangers` further ones.
void check_members(const std::vector<Node*>& nodes, std::size_t max_strangers,
                   std::chrono::seconds limit, Findings& broken);

/// The rows of what was removed are dropped.
void check_collection(const std::vector<Node*>& nodes, std::chrono::seconds limit,
                      Findings& broken);

/// `kigumi check` finds the honest buckets sound, and a backup can be written and read back.
void check_stores(const std::vector<Node*>& nodes, const std::filesystem::path& scratch,
                  const std::set<ReplicaId>& hostile, Findings& broken);

/// How many TCP connections this process holds with a port on loopback, from either side.
std::size_t connections_with(std::uint16_t port);

}  // namespace kigumi::hostile
