#include "messages.hpp"

#include <algorithm>

#include "../codec.hpp"

namespace kigumi::wire {
namespace {

using codec::Packer;

constexpr std::size_t kMaxBucketName = 255;
/// LMDB's keys end at 511 bytes, of which the bucket takes 4; one more stands for "behind it".
constexpr std::size_t kMaxPlaceBytes = 508;

// The first element of every message. The numbers are the indices of Message's alternatives.
enum Kind : std::uint8_t {
    kHello,
    kWho,
    kBye,
    kDigest,
    kPush,
    kPull,
    kChunk,
    kCredit,
    kDone,
    kCancel,
    kPrune,
    kHearsay,
    kAudit,
    kAuditAnswer,
    kAuditRows,
    kDigestChange,
    kPushChange,
    kSayWhole,
    kHearsayChange,
    kHeads
};

void write_cursor(Packer& packer, const std::optional<Cursor>& cursor) {
    if (!cursor) {
        packer.pack_nil();
        return;
    }
    packer.pack_array(10);
    cursor->full ? packer.pack_true() : packer.pack_false();
    codec::write_vector(packer, cursor->floor);
    codec::write_vector(packer, cursor->from);
    codec::write_vector(packer, cursor->to);
    cursor->in_rows ? packer.pack_true() : packer.pack_false();
    codec::pack_bytes(packer, cursor->row.key);
    packer.pack_uint8(static_cast<std::uint8_t>(cursor->row.type));
    codec::pack_bytes(packer, cursor->row.path);
    codec::pack_bytes(packer, cursor->position.origin.bytes());
    packer.pack_uint64(cursor->position.counter);
}

std::optional<Cursor> read_cursor(MsgpackReader& reader) {
    if (reader.peek() == MsgpackReader::Kind::kNil) {
        reader.nil();
        return std::nullopt;
    }
    reader.array_of(10);
    Cursor cursor;
    cursor.full = reader.boolean();
    cursor.floor = codec::read_vector(reader);
    cursor.from = codec::read_vector(reader);
    cursor.to = codec::read_vector(reader);
    cursor.in_rows = reader.boolean();
    cursor.row.key = reader.bytes();
    const auto type = type_of(reader.uint());
    if (!type) reader.reject();
    cursor.row.type = type.value_or(Type::kRegister);
    cursor.row.path = reader.bytes();
    cursor.position.origin = codec::read_replica(reader);
    cursor.position.counter = reader.uint();
    return cursor;
}

using Counters = std::vector<std::pair<ReplicaId, std::uint64_t>>;

void write_counters(Packer& packer, const Counters& counters) {
    packer.pack_array(static_cast<std::uint32_t>(counters.size()));
    for (const auto& [origin, counter] : counters) {
        packer.pack_array(2);
        codec::pack_bytes(packer, origin.bytes());
        packer.pack_uint64(counter);
    }
}

Counters read_counters(MsgpackReader& reader) {
    Counters counters;
    for (std::uint32_t left = reader.array(); left > 0 && reader.ok(); --left) {
        reader.array_of(2);
        const ReplicaId origin = codec::read_replica(reader);
        if (origin <= (counters.empty() ? ReplicaId() : counters.back().first)) reader.reject();
        counters.emplace_back(origin, reader.uint());
    }
    return counters;
}

void write_change(Packer& packer, const VersionChange& change) {
    packer.pack_uint64(change.since);
    write_counters(packer, change.entries);
}

VersionChange read_change(MsgpackReader& reader) {
    VersionChange change;
    change.since = reader.uint();
    change.entries = read_counters(reader);
    return change;
}

void write_heads(Packer& packer, const std::vector<Head>& heads) {
    packer.pack_array(static_cast<std::uint32_t>(heads.size()));
    for (const Head& head : heads) {
        packer.pack_array(3);
        packer.pack_uint64(head.counter);
        codec::pack_bytes(packer, head.hash_bytes());
        codec::pack_bytes(packer, head.proof.bytes());
    }
}

std::vector<Head> read_heads(MsgpackReader& reader) {
    std::vector<Head> heads;
    const std::uint32_t size = reader.array();
    if (size == 0 || size > kMaxHeads) reader.reject();
    for (std::uint32_t left = size; left > 0 && reader.ok(); --left) {
        reader.array_of(3);
        Head& head = heads.emplace_back();
        head.counter = reader.uint();
        const std::string_view hash = reader.bytes();
        const auto proof = Proof::from_bytes(reader.bytes());
        if (head.counter == 0 || hash.size() != Head::kHashSize || !proof) {
            reader.reject();
            break;
        }
        std::copy(hash.begin(), hash.end(), head.hash.begin());
        head.proof = *proof;
    }
    return heads;
}

std::string read_bucket(MsgpackReader& reader) {
    const std::string_view name = reader.text();
    if (name.empty() || name.size() > kMaxBucketName || !is_utf8(name)) reader.reject();
    return std::string(name);
}

std::string read_cluster(MsgpackReader& reader) {
    const std::string_view name = reader.text();
    if (name.empty() || name.size() > kMaxClusterName || !is_utf8(name)) reader.reject();
    return std::string(name);
}

/// The key of a row in its table, or where one may begin.
std::string read_place(MsgpackReader& reader) {
    const std::string_view place = reader.bytes();
    if (place.size() > kMaxPlaceBytes) reader.reject();
    return std::string(place);
}

/// Writes a message as an array: its kind, then its fields.
class Writer {
  public:
    explicit Writer(Packer& to) : packer(to) {}

    void operator()(const Hello& hello) const {
        // Nodes from before there were clusters know four elements.
        start(hello.cluster.empty() ? 4 : 5, kHello);
        packer.pack_uint64(hello.version);
        codec::pack_bytes(packer, hello.replica.bytes());
        hello.answer ? packer.pack_true() : packer.pack_false();
        if (!hello.cluster.empty()) codec::pack_text(packer, hello.cluster);
    }
    void operator()(const Who&) const { start(1, kWho); }
    void operator()(const Bye&) const { start(1, kBye); }
    void operator()(const Digest& digest) const {
        start(2, kDigest);
        packer.pack_array(static_cast<std::uint32_t>(digest.versions.size()));
        for (const auto& [bucket, version] : digest.versions) {
            packer.pack_array(2);
            codec::pack_text(packer, bucket);
            codec::write_vector(packer, version);
        }
    }
    void operator()(const Push& push) const {
        start(push.heads.empty() ? 6 : 7, kPush);
        codec::pack_text(packer, push.bucket);
        codec::write_vector(packer, push.base);
        codec::write_vector(packer, push.version);
        codec::write_vector(packer, push.floor);
        codec::pack_bytes(packer, push.batch);
        if (!push.heads.empty()) write_heads(packer, push.heads);
    }
    void operator()(const Pull& pull) const {
        start(6, kPull);
        codec::pack_text(packer, pull.bucket);
        packer.pack_uint64(pull.session);
        codec::write_vector(packer, pull.base);
        packer.pack_uint64(pull.credit);
        write_cursor(packer, pull.resume);
    }
    void operator()(const Chunk& chunk) const {
        start(6, kChunk);
        packer.pack_uint64(chunk.session);
        packer.pack_uint64(chunk.stream);
        packer.pack_uint64(chunk.number);
        codec::pack_bytes(packer, chunk.part);
        write_cursor(packer, chunk.cursor);
    }
    void operator()(const Credit& credit) const {
        start(3, kCredit);
        packer.pack_uint64(credit.session);
        packer.pack_uint64(credit.bytes);
    }
    void operator()(const Done& done) const {
        start(done.heads.empty() ? 7 : 8, kDone);
        packer.pack_uint64(done.session);
        packer.pack_uint64(done.stream);
        packer.pack_uint64(done.number);
        codec::write_vector(packer, done.version);
        codec::write_vector(packer, done.floor);
        done.full ? packer.pack_true() : packer.pack_false();
        if (!done.heads.empty()) write_heads(packer, done.heads);
    }
    void operator()(const Cancel& cancel) const {
        start(3, kCancel);
        packer.pack_uint64(cancel.session);
        codec::pack_text(packer, cancel.reason);
    }

    void operator()(const Prune& prune) const {
        start(3, kPrune);
        codec::pack_text(packer, prune.bucket);
        packer.pack_array(static_cast<std::uint32_t>(prune.origins.size()));
        for (const ReplicaId& origin : prune.origins) codec::pack_bytes(packer, origin.bytes());
    }
    void operator()(const Hearsay& hearsay) const {
        start(3, kHearsay);
        codec::pack_text(packer, hearsay.bucket);
        packer.pack_array(static_cast<std::uint32_t>(hearsay.acknowledged.size()));
        for (const auto& [replica, version] : hearsay.acknowledged) {
            packer.pack_array(2);
            codec::pack_bytes(packer, replica.bytes());
            codec::write_vector(packer, version);
        }
    }

    void operator()(const Audit& audit) const {
        start(8, kAudit);
        codec::pack_text(packer, audit.bucket);
        packer.pack_uint64(audit.session);
        codec::pack_bytes(packer, audit.from);
        codec::pack_bytes(packer, audit.to);
        codec::write_vector(packer, audit.version);
        packer.pack_uint64(audit.hash);
        packer.pack_uint64(audit.rows);
    }
    void operator()(const AuditAnswer& answer) const {
        start(9, kAuditAnswer);
        packer.pack_uint64(answer.session);
        answer.equal ? packer.pack_true() : packer.pack_false();
        answer.skipped ? packer.pack_true() : packer.pack_false();
        codec::pack_bytes(packer, answer.upto);
        codec::write_vector(packer, answer.version);
        codec::write_vector(packer, answer.floor);
        codec::pack_bytes(packer, answer.batch);
        packer.pack_array(static_cast<std::uint32_t>(answer.damaged.size()));
        for (const std::string& place : answer.damaged) codec::pack_bytes(packer, place);
    }
    void operator()(const AuditRows& rows) const {
        start(5, kAuditRows);
        codec::pack_text(packer, rows.bucket);
        codec::write_vector(packer, rows.version);
        codec::write_vector(packer, rows.floor);
        codec::pack_bytes(packer, rows.batch);
    }

    void operator()(const DigestChange& digest) const {
        start(2, kDigestChange);
        packer.pack_array(static_cast<std::uint32_t>(digest.versions.size()));
        for (const DigestChange::Entry& entry : digest.versions) {
            packer.pack_array(5);
            codec::pack_text(packer, entry.bucket);
            write_change(packer, entry.version);
            entry.named ? packer.pack_true() : packer.pack_false();
            packer.pack_uint64(entry.floor);
        }
    }
    void operator()(const PushChange& push) const {
        start(push.heads.empty() ? 9 : 10, kPushChange);
        codec::pack_text(packer, push.bucket);
        write_change(packer, push.version);
        push.named ? packer.pack_true() : packer.pack_false();
        write_counters(packer, push.from);
        write_change(packer, push.floor);
        codec::pack_bytes(packer, push.batch);
        if (!push.heads.empty()) write_heads(packer, push.heads);
    }
    void operator()(const SayWhole& whole) const {
        start(2, kSayWhole);
        codec::pack_text(packer, whole.bucket);
    }

    void operator()(const HearsayChange& hearsay) const {
        start(5, kHearsayChange);
        codec::pack_text(packer, hearsay.bucket);
        write_change(packer, hearsay.version);
        packer.pack_array(static_cast<std::uint32_t>(hearsay.acknowledged.size()));
        for (const auto& [replica, changes] : hearsay.acknowledged) {
            packer.pack_array(2);
            codec::pack_bytes(packer, replica.bytes());
            write_counters(packer, changes);
        }
    }
    void operator()(const Heads& heads) const {
        start(3, kHeads);
        codec::pack_text(packer, heads.bucket);
        write_heads(packer, heads.heads);
    }

  private:
    void start(std::uint32_t elements, Kind kind) const {
        packer.pack_array(elements);
        packer.pack_uint8(kind);
    }

    Packer& packer;
};

struct Body {
    MsgpackReader& reader;
    std::uint32_t elements;

    void expect(std::uint32_t size) const {
        if (elements != size) reader.reject();
    }
};

Message read_body(std::uint64_t kind, const Body& body) {
    MsgpackReader& reader = body.reader;
    switch (kind) {
        case kHello: {
            if (body.elements != 5) body.expect(4);
            Hello hello;
            hello.version = reader.uint();
            hello.replica = codec::read_replica(reader);
            hello.answer = reader.boolean();
            if (body.elements == 5) hello.cluster = read_cluster(reader);
            return hello;
        }
        case kWho:
            body.expect(1);
            return Who{};
        case kBye:
            body.expect(1);
            return Bye{};
        case kDigest: {
            body.expect(2);
            Digest digest;
            for (std::uint32_t left = reader.array(); left > 0 && reader.ok(); --left) {
                reader.array_of(2);
                std::string bucket = read_bucket(reader);
                digest.versions.emplace_back(std::move(bucket), codec::read_vector(reader));
            }
            return digest;
        }
        case kPush: {
            if (body.elements != 7) body.expect(6);
            Push push;
            push.bucket = read_bucket(reader);
            push.base = codec::read_vector(reader);
            push.version = codec::read_vector(reader);
            push.floor = codec::read_vector(reader);
            push.batch = reader.bytes();
            if (body.elements == 7) push.heads = read_heads(reader);
            if (!possible(push)) reader.reject();
            return push;
        }
        case kPull: {
            body.expect(6);
            Pull pull;
            pull.bucket = read_bucket(reader);
            pull.session = reader.uint();
            pull.base = codec::read_vector(reader);
            pull.credit = reader.uint();
            pull.resume = read_cursor(reader);
            return pull;
        }
        case kChunk: {
            body.expect(6);
            Chunk chunk;
            chunk.session = reader.uint();
            chunk.stream = reader.uint();
            chunk.number = reader.uint();
            chunk.part = reader.bytes();
            chunk.cursor = read_cursor(reader);
            return chunk;
        }
        case kCredit: {
            body.expect(3);
            Credit credit;
            credit.session = reader.uint();
            credit.bytes = reader.uint();
            return credit;
        }
        case kDone: {
            if (body.elements != 8) body.expect(7);
            Done done;
            done.session = reader.uint();
            done.stream = reader.uint();
            done.number = reader.uint();
            done.version = codec::read_vector(reader);
            done.floor = codec::read_vector(reader);
            done.full = reader.boolean();
            if (body.elements == 8) done.heads = read_heads(reader);
            return done;
        }
        case kCancel: {
            body.expect(3);
            Cancel cancel;
            cancel.session = reader.uint();
            cancel.reason = reader.text();
            return cancel;
        }
        case kPrune: {
            body.expect(3);
            Prune prune;
            prune.bucket = read_bucket(reader);
            for (std::uint32_t left = reader.array(); left > 0 && reader.ok(); --left)
                prune.origins.push_back(codec::read_replica(reader));
            return prune;
        }
        case kHearsay: {
            body.expect(3);
            Hearsay hearsay;
            hearsay.bucket = read_bucket(reader);
            for (std::uint32_t left = reader.array(); left > 0 && reader.ok(); --left) {
                reader.array_of(2);
                const ReplicaId replica = codec::read_replica(reader);
                hearsay.acknowledged.emplace_back(replica, codec::read_vector(reader));
            }
            return hearsay;
        }
        case kAudit: {
            body.expect(8);
            Audit audit;
            audit.bucket = read_bucket(reader);
            audit.session = reader.uint();
            audit.from = read_place(reader);
            audit.to = read_place(reader);
            audit.version = codec::read_vector(reader);
            audit.hash = reader.uint();
            audit.rows = reader.uint();
            if (!audit.to.empty() && audit.to <= audit.from) reader.reject();
            return audit;
        }
        case kAuditAnswer: {
            body.expect(9);
            AuditAnswer answer;
            answer.session = reader.uint();
            answer.equal = reader.boolean();
            answer.skipped = reader.boolean();
            answer.upto = read_place(reader);
            answer.version = codec::read_vector(reader);
            answer.floor = codec::read_vector(reader);
            answer.batch = reader.bytes();
            for (std::uint32_t left = reader.array(); left > 0 && reader.ok(); --left)
                answer.damaged.push_back(read_place(reader));
            return answer;
        }
        case kAuditRows: {
            body.expect(5);
            AuditRows rows;
            rows.bucket = read_bucket(reader);
            rows.version = codec::read_vector(reader);
            rows.floor = codec::read_vector(reader);
            rows.batch = reader.bytes();
            return rows;
        }
        case kDigestChange: {
            body.expect(2);
            DigestChange digest;
            for (std::uint32_t left = reader.array(); left > 0 && reader.ok(); --left) {
                reader.array_of(5);
                DigestChange::Entry& entry = digest.versions.emplace_back();
                entry.bucket = read_bucket(reader);
                entry.version = read_change(reader);
                entry.named = reader.boolean();
                entry.floor = reader.uint();
            }
            return digest;
        }
        case kPushChange: {
            if (body.elements != 10) body.expect(9);
            PushChange push;
            push.bucket = read_bucket(reader);
            push.version = read_change(reader);
            push.named = reader.boolean();
            push.from = read_counters(reader);
            push.floor = read_change(reader);
            push.batch = reader.bytes();
            if (body.elements == 10) push.heads = read_heads(reader);
            return push;
        }
        case kSayWhole: {
            body.expect(2);
            SayWhole whole;
            whole.bucket = read_bucket(reader);
            return whole;
        }
        case kHearsayChange: {
            body.expect(5);
            HearsayChange hearsay;
            hearsay.bucket = read_bucket(reader);
            hearsay.version = read_change(reader);
            for (std::uint32_t left = reader.array(); left > 0 && reader.ok(); --left) {
                reader.array_of(2);
                const ReplicaId replica = codec::read_replica(reader);
                hearsay.acknowledged.emplace_back(replica, read_counters(reader));
            }
            return hearsay;
        }
        case kHeads: {
            body.expect(3);
            Heads heads;
            heads.bucket = read_bucket(reader);
            heads.heads = read_heads(reader);
            return heads;
        }
        default:
            reader.reject();
            return Who{};
    }
}

/// G is what a replica has collected, and so at or below its V. A floor above that would reach all
/// replicas that take it over, and make every pull a full one for ever.
Result<void> check_floor(const Message& message) {
    const bool above = std::visit(
        [](const auto& body) {
            using Body = std::decay_t<decltype(body)>;
            if constexpr (std::is_same_v<Body, Done> || std::is_same_v<Body, AuditAnswer> ||
                          std::is_same_v<Body, AuditRows>)
                return !body.version.covers(body.floor);
            return false;
        },
        message);
    if (!above) return {};
    return fail(ErrorCode::kCorrupt, "a collection floor lies above the version of its sender");
}

}  // namespace

bool possible(const Push& push) {
    return push.base != push.version && push.version.covers(push.base) &&
           push.base.covers(push.floor) && push.heads.size() <= push.version.size();
}

std::string encode_cursor(const Cursor& cursor) {
    codec::Buffer out;
    Packer packer(out);
    write_cursor(packer, cursor);
    return std::move(out.bytes);
}

Result<Cursor> decode_cursor(std::string_view bytes) {
    KIGUMI_TRY(MsgpackReader reader, MsgpackReader::parse(bytes));
    const auto cursor = read_cursor(reader);
    if (!cursor) reader.reject();
    KIGUMI_CHECK(reader.finish("a stored cursor"));
    return *cursor;
}

std::string encode(const Message& message) {
    codec::Buffer buffer;
    Packer packer(buffer);
    std::visit(Writer(packer), message);
    return std::move(buffer.bytes);
}

Result<Message> decode(std::string_view bytes) {
    if (bytes.size() > kMaxMessageBytes)
        return fail(ErrorCode::kCorrupt, "a message is larger than 1 MiB");
    KIGUMI_TRY(MsgpackReader reader, MsgpackReader::parse(bytes));
    const std::uint32_t elements = reader.array();
    const std::uint64_t kind = reader.uint();
    Message message = read_body(kind, {reader, elements});
    KIGUMI_CHECK(reader.finish("a message"));
    KIGUMI_CHECK(check_floor(message));
    return message;
}

}  // namespace kigumi::wire
