#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "kigumi/crdt/result.hpp"
#include "kigumi/daemon/member.hpp"

/// What failure detectors say to each other; `docs/format/wire.md` gives the bytes.
namespace kigumi::membership {

inline constexpr std::size_t kMaxMessageBytes = std::size_t{1} << 20;
inline constexpr std::size_t kMaxAddressBytes = 255;
inline constexpr std::size_t kMaxKeyBytes = 64;
/// Higher incarnations are refused: room for the denials of 280,000 years of milliseconds.
inline constexpr std::uint64_t kMaxIncarnation = std::uint64_t{1} << 53;
/// What others say of a member takes it no higher than this, but for small steps, so that it can
/// always deny it.
inline constexpr std::uint64_t kMaxToldIncarnation = kMaxIncarnation / 2;

/// What somebody says of a member.
struct Claim {
    Contact contact;
    std::uint64_t incarnation = 0;
    Liveness liveness = Liveness::kAlive;
    ReplicaId accuser;  ///< of a suspect: who has found out by itself; otherwise zeros

    bool operator==(const Claim&) const = default;
};

/// "Are you there?"
struct Ping {
    std::uint64_t number = 0;
    ReplicaId target;  ///< whom it is meant for: the address may have another owner by now
};
/// "Ping that one for me, it does not answer."
struct PingFor {
    std::uint64_t number = 0;
    Contact target;
};
/// "Yes", or "the one you asked me to ping is there".
struct Ack {
    std::uint64_t number = 0;
};
/// "The one you asked me to ping does not answer me either": so the path to *me* is fine.
struct Nack {
    std::uint64_t number = 0;
};
/// News alone.
struct Gossip {};
/// All that the sender believes, in as many messages as it takes.
struct Exchange {
    bool answer_wanted = false;  ///< set in the last message of a question
};

using Body = std::variant<Ping, PingFor, Ack, Nack, Gossip, Exchange>;

struct Message {
    Contact sender;
    std::uint64_t incarnation = 0;  ///< the sender's: whoever speaks is alive
    Body body;
    std::vector<Claim> claims;
};

std::string encode(const Message& message);
/// Decodes and bounds a message from anybody.
Result<Message> decode(std::string_view bytes);

}  // namespace kigumi::membership
