#include "hostile/attack.hpp"

namespace kigumi::hostile {

std::vector<Attack> all_attacks() {
    std::vector<Attack> all;
    for (auto* const topic :
         {floor_attacks, pull_attacks, row_attacks, connection_attacks, membership_attacks,
          identity_attacks, bucket_attacks, flood_attacks, fuzz_attacks})
        for (const Attack& attack : topic()) all.push_back(attack);
    return all;
}

}  // namespace kigumi::hostile
