#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "kigumi/clocks/replica_id.hpp"
#include "kigumi/crdt/row.hpp"
#include "kigumi/crdt/row_key.hpp"
#include "kigumi/replication/head.hpp"

/// Whose a write is, shown by Ed25519 (Bernstein, Duif, Lange, Schwabe and Yang, 2011; RFC 8032).
///
/// A replica id is the hash of a public key, so a proof needs no table of keys and no authority: it
/// holds the key, which has to fit the id, and a signature of all that the write says
/// (`docs/format/rows.md`).
namespace kigumi {

/// The key pair of an identity. The seed is all of it; it stays in the environment.
class SigningKey {
  public:
    static constexpr std::size_t kSeedSize = 32;
    using Seed = std::array<std::uint8_t, kSeedSize>;

    /// About 15 µs.
    explicit SigningKey(const Seed& seed);
    /// Wipes the secret.
    ~SigningKey();
    SigningKey(const SigningKey&) = default;
    SigningKey& operator=(const SigningKey&) = default;

    const Seed& seed() const { return seed_; }
    /// The id of the writer that has this key.
    ReplicaId replica() const;
    /// Proves the write, whose dot has to bear that id. About 15 µs.
    Proof prove(std::string_view bucket, const RowKey& at, const Write& write) const;
    /// Signs an entry of this identity's chain. About 15 µs.
    Head sign(std::string_view bucket, std::uint64_t counter, const Head::Hash& hash) const;

  private:
    static constexpr std::size_t kPublicSize = 32;
    Seed seed_;
    std::array<std::uint8_t, kPublicSize> public_{};
    std::array<std::uint8_t, kSeedSize + kPublicSize> secret_{};
};

/// Why the proof does not show that its origin made this write, there; nothing if it does. About
/// 60 µs.
enum class Flaw : std::uint8_t { kNone, kNoProof, kKeyOfAnother, kWrongSignature };
Flaw flaw_of(std::string_view bucket, const RowKey& at, const Write& write);

/// A hash of a write with all that its proof covers, and of the proof.
using ProofDigest = std::array<std::uint8_t, 16>;
ProofDigest proof_digest(std::string_view bucket, const RowKey& at, const Write& write);
/// The id of the writer whose key the head bears.
ReplicaId signer_of(const Head& head);
/// Whether its signature fits that key. About 60 µs.
bool is_sound(std::string_view bucket, const Head& head);

/// What a write says, with replicas by their ids, for hashing.
std::string content_of(const Payload& payload);

/// The same as an error that names the origin, the bucket and the row (kCorrupt).
Result<void> check_proof(std::string_view bucket, const RowKey& at, const Write& write);

}  // namespace kigumi
