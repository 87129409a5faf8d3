#pragma once

#include <map>
#include <string>
#include <string_view>

#include "kigumi/clocks/export.hpp"
#include "kigumi/clocks/version_vector.hpp"
#include "kigumi/crdt/result.hpp"

namespace kigumi {

/// What a session has seen: a version of each bucket that it read or wrote.
///
/// A node that covers it shows all that the session has written and read (read your writes,
/// monotonic reads: Terry et al., "Session Guarantees for Weakly Consistent Replicated Data",
/// 1994), whichever nodes those were: see `Store::read_at_least`. A plain value; one thread at a
/// time. `docs/format/token.md` gives its text.
class KIGUMI_API SessionToken {
  public:
    static constexpr std::size_t kMaxTextBytes = std::size_t{4} << 20;

    /// The version of a bucket that the session has seen; empty if it has not.
    const VersionVector& version(const std::string& bucket) const;
    const std::map<std::string, VersionVector>& versions() const { return versions_; }
    bool empty() const { return versions_.empty(); }

    /// The session has seen this version of a bucket as well.
    void observe(const std::string& bucket, const VersionVector& version);
    /// The session has seen all that another one has.
    void merge(const SessionToken& other);

    /// The token as a word of printable ASCII, to be stored and sent along. About 22 characters for
    /// each replica that has written to a bucket.
    std::string text() const;
    /// Reads a token from anybody. kInvalidArgument if it is none, kUnsupported if it is one of
    /// another version. Memory is a few times the text's.
    static Result<SessionToken> parse(std::string_view text);

    bool operator==(const SessionToken&) const = default;

  private:
    std::map<std::string, VersionVector> versions_;
};

}  // namespace kigumi
