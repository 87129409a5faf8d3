#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "changed_rows.hpp"
#include "kigumi/clocks/version_vector.hpp"
#include "kigumi/crdt/row_key.hpp"
#include "kigumi/replication/head.hpp"

/// What replicas say to each other. Each message is one frame of at most kMaxMessageBytes;
/// `docs/format/wire.md` gives the bytes.
namespace kigumi::wire {

inline constexpr std::uint32_t kProtocolVersion = 1;
inline constexpr std::size_t kMaxMessageBytes = std::size_t{1} << 20;
inline constexpr std::size_t kMaxClusterName = 64;
/// Heads in one message.
inline constexpr std::size_t kMaxHeads = 512;
/// The beginning of the reason of a Cancel of session 0, which names what its sender understands
/// beyond protocol version 1. Nodes that do not know it ignore such a Cancel.
inline constexpr std::string_view kFeatures = "features=";

/// First on every link, from the side that dialled; answered in kind with `answer` set.
struct Hello {
    std::uint64_t version = kProtocolVersion;
    ReplicaId replica;
    bool answer = false;
    std::string cluster = {};  ///< at most kMaxClusterName bytes
};

/// "I do not know you": the receiver has forgotten the link and wants a Hello.
struct Who {};

/// The sender leaves on purpose.
struct Bye {};

/// What the sender holds durably, by bucket: a digest for anti-entropy and an acknowledgement in
/// one.
struct Digest {
    std::vector<std::pair<std::string, VersionVector>> versions;
};

/// A vector as what differs from one that the receiver has said itself on this link, or from the
/// empty one if `since` is 0.
struct VersionChange {
    std::uint64_t since = 0;                                   ///< the name of that vector
    std::vector<std::pair<ReplicaId, std::uint64_t>> entries;  ///< ascending; 0: no longer there
};

/// A Digest told in changes.
struct DigestChange {
    struct Entry {
        std::string bucket;
        VersionChange version;
        bool named = false;       ///< whether changes may refer to this version
        std::uint64_t floor = 0;  ///< the name of the sender's G; 0: it is empty
    };
    std::vector<Entry> versions;
};

/// "I do not know what your changes of this bucket refer to": the receiver says it whole.
struct SayWhole {
    std::string bucket;
};

/// What the sender has heard other replicas to hold durably, for those who are not linked to them.
struct Hearsay {
    std::string bucket;
    std::vector<std::pair<ReplicaId, VersionVector>> acknowledged;
};

/// A Hearsay told in changes, each from the sender's own version: the others are close to it.
struct HearsayChange {
    using Changes = std::vector<std::pair<ReplicaId, std::uint64_t>>;
    std::string bucket;
    VersionChange version;
    std::vector<std::pair<ReplicaId, Changes>> acknowledged;
};

/// A pull answer that nobody asked for: every row with an event in (base, version]. A replica that
/// covers `base` can join it, and covers `version` then.
struct Push {
    std::string bucket;
    VersionVector base;
    VersionVector version;
    VersionVector floor;  ///< the sender's G, which `base` covers
    std::string batch;
    /// The newest that the sender keeps of the origins whose events are pushed, none above
    /// `version`. For receivers that have said that they understand heads; as all heads here.
    std::vector<Head> heads = {};
};

/// A Push told in changes.
struct PushChange {
    std::string bucket;
    VersionChange version;
    bool named = false;  ///< whether changes may refer to this version
    /// Where `base` differs from `version`: the origins whose events are pushed, ascending, and how
    /// far the receiver has been told of them.
    std::vector<std::pair<ReplicaId, std::uint64_t>> from;
    VersionChange floor;  ///< from the receiver's G, or from nothing
    std::string batch;
    std::vector<Head> heads = {};
};

/// "Do not relay events of these origins to me": they come by another way.
struct Prune {
    std::string bucket;
    std::vector<ReplicaId> origins;
};

/// A place in a pull answer: where to go on. The receiver treats it as opaque.
struct Cursor {
    bool full = false;    ///< all rows first, because the base lies below the floor
    VersionVector floor;  ///< G when the answer began; if it moves, the answer starts over
    VersionVector from;   ///< this phase sends rows with events in (from, to]
    VersionVector to;
    bool in_rows = false;  ///< still sending all rows; `row` is the last one sent
    RowKey row;
    LogPosition position;
};

/// "Here is my V: send what changed since", at most `credit` bytes before more is granted.
struct Pull {
    std::string bucket;
    std::uint64_t session = 0;
    VersionVector base;
    std::uint64_t credit = 0;
    std::optional<Cursor> resume;
};

/// A part of a batch of rows. The last part of a batch carries the cursor behind it.
struct Chunk {
    std::uint64_t session = 0;
    std::uint64_t stream = 0;  ///< names one run of the answer: parts of two runs must not mix
    std::uint64_t number = 0;  ///< counts from 0 in a session
    std::string part;
    std::optional<Cursor> cursor;
};

struct Credit {
    std::uint64_t session = 0;
    std::uint64_t bytes = 0;
};

/// The answer is complete: applied as one step, it makes the base at least `version`.
struct Done {
    std::uint64_t session = 0;
    std::uint64_t stream = 0;
    std::uint64_t number = 0;
    VersionVector version;
    VersionVector floor;
    bool full = false;
    std::vector<Head> heads = {};
};

/// Ends a session early. The other side may ask again from the beginning. Of session 0 it names
/// features instead (`kFeatures`).
struct Cancel {
    std::uint64_t session = 0;
    std::string reason;
};

/// "This is the hash of my rows in [from, to), at this V: how about yours?" Places are the keys of
/// rows in their table, which are the same on every replica.
struct Audit {
    std::string bucket;
    std::uint64_t session = 0;
    std::string from;
    std::string to;  ///< empty: to the end of the bucket
    VersionVector version;
    std::uint64_t hash = 0;  ///< over the rows that show something
    std::uint64_t rows = 0;  ///< how many those are
};

/// What the receiver of an Audit has in [from, upto): the same, or these rows.
struct AuditAnswer {
    std::uint64_t session = 0;
    bool equal = false;
    bool skipped = false;  ///< a row there is too large for a message: nothing is said
    std::string upto;      ///< empty: to the end of the bucket
    VersionVector version;
    VersionVector floor;
    std::string batch;
    std::vector<std::string> damaged;  ///< places of rows that cannot be read here
};

/// Rows of which the receiver lacks writes, as an audit has shown.
struct AuditRows {
    std::string bucket;
    VersionVector version;
    VersionVector floor;
    std::string batch;
};

/// "This is what I keep of your heads" (of the receiver's identity), "… and my own newest one". The
/// receiver answers with those of its own that it does not object to.
struct Heads {
    std::string bucket;
    std::vector<Head> heads;
};

using Message = std::variant<Hello, Who, Bye, Digest, Push, Pull, Chunk, Credit, Done, Cancel,
                             Prune, Hearsay, Audit, AuditAnswer, AuditRows, DigestChange,
                             PushChange, SayWhole, HearsayChange, Heads>;

/// Whether a push carries something, and tells nothing impossible of itself.
bool possible(const Push& push);

/// A cursor by itself, for the disk.
std::string encode_cursor(const Cursor& cursor);
Result<Cursor> decode_cursor(std::string_view bytes);

std::string encode(const Message& message);
/// Decodes and bounds a message from anybody.
Result<Message> decode(std::string_view bytes);

}  // namespace kigumi::wire
