#pragma once

#include <vector>

#include "hostile/peer.hpp"

namespace kigumi::hostile {

/// Something that a peer does and that must cost the nodes little.
struct Attack {
    const char* name;
    Right needs;  ///< with less it is not worth a try
    void (*run)(Peer&);
};

std::vector<Attack> floor_attacks();
std::vector<Attack> pull_attacks();
std::vector<Attack> row_attacks();
std::vector<Attack> connection_attacks();
std::vector<Attack> membership_attacks();
std::vector<Attack> identity_attacks();
std::vector<Attack> bucket_attacks();
std::vector<Attack> flood_attacks();
std::vector<Attack> fuzz_attacks();

/// All of them.
std::vector<Attack> all_attacks();

}  // namespace kigumi::hostile
