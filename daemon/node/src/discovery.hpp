#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "kigumi/daemon/membership.hpp"
#include "kigumi/daemon/membership_status.hpp"
#include "kigumi/daemon/neighbours.hpp"
#include "kigumi/replication/replicator.hpp"
#include "token_buckets.hpp"

namespace kigumi {

/// Finds other nodes and holds links to those that it should: a failure detector over connections
/// of its own, and whom to dial for replication because of what it says. Used by one thread; times
/// are milliseconds of a clock that never goes back.
class Discovery {
  public:
    /// What it needs of the sockets. Addresses are `HOST:PORT`.
    struct Wires {
        std::function<Result<void>(const membership::Contact&, bool control)> dial;
        std::function<void(const std::string& address, bool control)> hang_up;
        std::function<void(LinkId, std::string)> send;
        std::function<void(const Effects::Note&)> note;
    };

    /// `configured`: the peers that are dialled in any case; each is a way in. `policy`: whose word
    /// is believed; null without encryption.
    Discovery(Store& store, membership::Contact self, std::vector<membership::Contact> configured,
              MembershipOptions options, NeighbourOptions neighbours, Wires wires,
              std::shared_ptr<MembershipPolicy> policy, std::uint64_t now_ms);

    // Its own connections. `address` is empty for one that was accepted; `proved_key` without
    // encryption.
    void link_up(LinkId link, const std::string& address, std::string proved_key);
    void link_down(LinkId link);
    Result<void> receive(LinkId link, std::string_view message, std::uint64_t now_ms);

    /// Time has passed. `linked`: who is linked for replication by now.
    void tick(const std::vector<LinkedPeer>& linked, std::uint64_t now_ms);
    std::uint64_t next_wakeup() const;
    MembershipStatus status() const;
    /// The policy has changed: forgets who is not listed any more.
    void review();
    /// Tells others that this node leaves on purpose.
    void leave();

  private:
    struct Line {
        std::string address;  ///< if it was dialled
        std::string proved_key;
        std::optional<ReplicaId> replica;
        std::uint64_t heard_ms = 0;
        std::uint64_t used_ms = 0;
    };

    /// As ms since 1970.
    std::uint64_t wall_time_of(std::uint64_t ms) const;
    void act();
    void deliver(const membership::Contact& to, const std::string& message);
    void open_line(const membership::Contact& to);
    /// Dials only those who can prove a listed key, and as often as who told of them may cause.
    Result<void> dial(const membership::Contact& to, bool control);
    /// Whether the key says that somebody may be there; always without encryption.
    bool is_listed(const std::string& key) const { return !policy_ || policy_->is_listed(key); }
    bool has_line_to(const membership::Contact& to) const;
    /// Of two members at one address, that nobody has spoken from, one is not there.
    void hang_up_on_others_at(const membership::Contact& to, bool control);
    void close_idle_lines();
    void follow(const membership::Member& member);
    void look_at(const std::vector<LinkedPeer>& linked);
    void dial_missing(const std::set<ReplicaId>& wanted);
    void hang_up_on_surplus(const std::set<ReplicaId>& wanted,
                            const std::vector<LinkedPeer>& linked);
    /// Dials anew at once: the other side is there again, and the pause between tries may be long.
    void redial(const membership::Contact& contact);
    bool is_configured(const std::string& address) const;
    void update_neighbours();
    void check_identity();
    void remember();

    Store& store_;
    const std::vector<membership::Contact> configured_;
    Wires wires_;
    const std::shared_ptr<MembershipPolicy> policy_;
    TokenBuckets<std::string> messages_;        ///< by the key that sends them
    TokenBuckets<std::string> dials_;           ///< by the key that told the address
    TokenBuckets<std::string> gossiped_dials_;  ///< … of those who may gossip
    std::uint64_t dropped_messages_ = 0;
    std::uint64_t now_ms_;
    Membership membership_;
    const NeighbourOptions neighbour_options_;
    std::optional<Neighbours> neighbours_;
    std::map<ReplicaId, membership::Member> members_;
    std::map<LinkId, Line> lines_;
    std::set<ReplicaId> linked_;
    std::map<ReplicaId, membership::Contact> dialled_;  ///< for replication, because of the choice
    std::map<ReplicaId, std::uint64_t> missing_since_;
    std::vector<ContactRecord> remembered_;  ///< from an earlier life
    unsigned doubt_ = 0;                     ///< of this node in itself, as remembered
    bool changed_ = true;                    ///< since it was remembered
    std::uint64_t upkeep_at_ms_ = 0;
    std::uint64_t remember_at_ms_ = 0;
};

}  // namespace kigumi
