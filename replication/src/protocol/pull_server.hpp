#pragma once

#include <map>

#include "kigumi/replication/replicator.hpp"
#include "messages.hpp"

namespace kigumi {

/// Pulls that one peer may have under way on a link. The others wait their turn.
inline constexpr std::ptrdiff_t kMaxPullsPerLink = 4;

/// Rule 5 of the protocol: answers pulls.
///
/// An answer must be one exact cut, but no snapshot may be held while a slow peer takes its bytes.
/// So it is sent in phases: first every row with an event in (base, V at the start], whatever
/// snapshot it is read from; then every row with an event that came in meanwhile, and so on, until
/// a phase ends in the snapshot whose V it reached. A row that changed after it was sent has a
/// newer event, so it is sent again, and the last word of each row is its state in that last
/// snapshot. Rows that shrink without a new event are those that were collected: then G has moved,
/// and the answer starts over.
///
/// While rows of a large pull are being folded in here, the log does not name all of them: an
/// answer that comes to such a phase waits, and a new pull that needs one is refused.
///
/// What one peer can make this node send or keep is bounded, whatever it asks for: kMaxPullsPerLink
/// answers, each with at most `pull_credit_bytes` on their way.
class PullServer {
  public:
    PullServer(Store& store, const ReplicatorOptions& options) : store_(store), options_(options) {}

    /// `heads`: the peer understands them.
    void begin(LinkId link, const wire::Pull& pull, std::uint64_t now_ms, Effects& effects,
               bool heads = false);
    void grant(LinkId link, const wire::Credit& credit, std::uint64_t now_ms, Effects& effects);
    void cancel(LinkId link, std::uint64_t session);
    /// Goes on with the answers that have waited for the rows of a bucket to be folded in.
    void go_on(const std::string& bucket, Effects& effects);
    void link_down(LinkId link);
    /// Whether an answer from this bucket is on its way: collection would start it over.
    bool serves(const std::string& bucket) const;
    /// Ends answers whose peer has granted nothing for a while.
    void expire(std::uint64_t now_ms);

  private:
    struct Session {
        std::uint64_t id = 0;
        std::uint64_t stream = 0;  ///< a request that arrives twice is answered twice, differently
        std::string bucket;
        wire::Cursor cursor;
        std::uint64_t credit = 0;
        std::uint64_t next_number = 0;
        std::uint64_t active_ms = 0;
        VersionVector base = {};  ///< what the peer has
        bool heads = false;
    };
    using Name = std::pair<LinkId, std::string>;

    /// Credit costs our memory, whoever grants it.
    std::uint64_t within_bounds(std::uint64_t credit) const;
    void refuse(LinkId link, std::uint64_t session, const std::string& reason,
                Effects& effects) const;
    void pump(const Name& name, Effects& effects);
    Result<bool> send_some(LinkId link, Session& session, Effects& effects);
    void send_batch(LinkId link, Session& session, BatchWriter& batch, Effects& effects);

    Store& store_;
    const ReplicatorOptions& options_;
    std::map<Name, Session>
        sessions_;  ///< one for each link and bucket: a new pull replaces the old
};

}  // namespace kigumi
