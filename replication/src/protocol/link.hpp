#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>

#include "kigumi/clocks/version_vector.hpp"
#include "kigumi/replication/replicator.hpp"

namespace kigumi {

/// What a link has told us, and was told, about one bucket.
struct Peering {
    struct Sent {
        std::uint64_t to;
        std::size_t bytes;
        std::uint64_t at_ms;
    };

    bool known = false;          ///< the peer has said what it holds
    VersionVector acknowledged;  ///< what it holds durably; the newest word replaces older ones
    std::uint64_t pushed = 0;    ///< our own events that were pushed, up to this one
    std::deque<Sent> in_flight;  ///< pushes that it has not acknowledged
    std::size_t in_flight_bytes = 0;
    bool digest_owed = false;      ///< it should hear our version at the end of this burst
    std::uint64_t pull_at_ms = 0;  ///< when to pull what it has and we lack; 0: nothing to pull

    void forget_pushes_up_to(std::uint64_t counter) {
        while (!in_flight.empty() && in_flight.front().to <= counter) {
            in_flight_bytes -= in_flight.front().bytes;
            in_flight.pop_front();
        }
    }
};

struct Link {
    LinkId id = 0;
    bool dialled = false;
    std::string address;
    std::optional<ReplicaId> replica;  ///< who is there, once it has greeted
    ReplicaId greeted_as;              ///< who we said we are
    bool up = false;
    std::uint64_t heard_ms = 0;
    std::uint64_t hello_ms = 0;  ///< when we last greeted
    std::uint64_t who_ms = 0;    ///< when we last asked for a greeting
    std::uint64_t changed_wall_ms = 0;
    unsigned pull_failures = 0;
    std::uint64_t pull_not_before_ms = 0;
    std::map<std::string, Peering> buckets;
};

}  // namespace kigumi
