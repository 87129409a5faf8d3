#pragma once

#include "hostile/peer.hpp"

/// Pieces of lies.
namespace kigumi::hostile {

inline constexpr std::uint64_t kHuge = ~std::uint64_t{0};

/// Far more of every origin than there is.
VersionVector huge(const VersionVector& version);
/// The version with so many more events of one origin.
VersionVector raised(VersionVector version, const ReplicaId& origin, std::uint64_t by = 1);
/// A vector of made-up origins.
VersionVector wide(sim::Random& random, std::size_t origins);

/// A row with one write.
KeyedRow row_of(const std::string& key, Type type, const Dot& dot, Payload payload);
/// A set's member with one write.
KeyedRow member_of(const std::string& key, std::uint64_t member, const Dot& dot);
/// A batch of so many small rows, all with writes of `origin` from `first` on.
std::string many_rows(const std::string& key, const ReplicaId& origin, std::uint64_t first,
                      std::size_t rows);

/// A push of `events` own writes to what the node has by now.
wire::Push own_push(const Target& target, const std::string& bucket, const ReplicaId& self,
                    std::uint64_t events = 1);

/// Has the node pull a bucket, by the claim of one more own write. Nothing if it does not.
std::optional<wire::Pull> lure(Channel& channel, const Target& target, const std::string& bucket,
                               const ReplicaId& self, std::uint64_t events = 1);

}  // namespace kigumi::hostile
