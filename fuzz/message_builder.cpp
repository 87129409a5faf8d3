#include "message_builder.hpp"

#include "kigumi/crdt/path.hpp"
#include "replicator_events.hpp"
#include "row_record.hpp"

namespace kigumi::fuzz {

std::uint64_t MessageBuilder::counter() {
    // Mostly small, so that counters meet; now and then anything.
    const std::uint8_t small = in_.byte();
    return small < 0xF8 ? small % 24U : in_.number(8);
}

VersionVector MessageBuilder::vector(const std::string& bucket) {
    VersionVector version;
    switch (in_.below(kVectorKinds)) {
        case kNothing:
            return version;
        case kOurs:
            return known_.versions[bucket];
        case kOursRaised: {
            version = known_.versions[bucket];
            const ReplicaId& origin = replica();
            version.raise(origin, version[origin] + 1 + in_.below(4));
            return version;
        }
        case kPromised:
            version = known_.versions[bucket];
            version.merge(known_.promised[bucket]);
            return version;
        default:
            for (std::uint8_t left = in_.below(5); left > 0; --left) {
                const ReplicaId& origin = replica();
                version.raise(origin, counter());
            }
            return version;
    }
}

RowKey MessageBuilder::row_key() {
    RowKey at;
    const std::uint8_t name = in_.byte();
    at.key = name < 0xF0 ? "k" + std::to_string(name % 3U) : std::string(in_.below(200) + 1U, 'n');
    at.type = type_of(1U + in_.below(5)).value_or(Type::kRegister);
    if (at.type == Type::kSet) path::append(at.path, Value(in_.below(4)));
    if (at.type == Type::kMap) {
        path::append(at.path, Value(std::string(1U + in_.below(2), 'f')));
        constexpr Type kLeaves[] = {Type::kRegister, Type::kSet, Type::kCounter};
        const Type leaf = kLeaves[in_.below(3)];
        path::append(at.path, leaf);
        if (leaf == Type::kSet) path::append(at.path, Value(in_.below(4)));
    }
    return at;
}

std::string MessageBuilder::place() {
    return in_.below(3) == 0 ? std::string() : store_key(row_key()).bytes;
}

Payload MessageBuilder::payload(bool tally_row) {
    const std::uint8_t kind = in_.byte();
    if (!tally_row) {
        if (kind % 3 == 0) return Removed{};
        return kind < 0xF0 ? Value(kind) : Value(std::string(std::size_t{kind} * 8, 'v'));
    }
    if (kind % 3 != 0) return Tally{counter(), counter()};
    Reset reset;
    for (std::uint8_t left = in_.below(3); left > 0; --left) {
        const ReplicaId& origin = replica();
        reset.seen[origin] = {counter(), counter()};
    }
    return reset;
}

std::vector<KeyedRow> MessageBuilder::rows(const VersionVector& within) {
    std::vector<KeyedRow> rows;
    for (std::uint8_t left = in_.below(6); left > 0; --left) {
        KeyedRow& keyed = rows.emplace_back();
        keyed.at = row_key();
        const bool tally_row = leaf_type(keyed.at) == Type::kCounter;
        for (std::uint8_t writes = 1 + in_.below(3); writes > 0; --writes) {
            Write write;
            if (within.empty() || in_.below(16) == 0) {
                write.dot = {replica(), std::max<std::uint64_t>(counter(), 1)};
            } else {
                const auto& [origin, upto] = *(within.begin() + in_.byte() % within.size());
                write.dot = {origin, upto - in_.byte() % std::min<std::uint64_t>(upto, 64)};
            }
            const std::uint64_t high = in_.byte();
            write.time.bits = high << 52 | in_.byte();
            write.payload = payload(tally_row);
            keyed.row.insert(std::move(write));
        }
    }
    return rows;
}

wire::Cursor MessageBuilder::cursor(const std::string& bucket) {
    wire::Cursor cursor;
    const std::uint8_t flags = in_.byte();
    cursor.full = (flags & 1U) != 0;
    cursor.in_rows = (flags & 2U) != 0;
    if ((flags & 4U) != 0) cursor.floor = vector(bucket);
    cursor.from = vector(bucket);
    cursor.to = vector(bucket);
    if ((flags & 8U) != 0) cursor.row = row_key();
    if ((flags & 16U) != 0) cursor.position.origin = replica();
    cursor.position.counter = counter();
    return cursor;
}

wire::Message MessageBuilder::hello() {
    const std::uint8_t flags = in_.byte();
    wire::Hello hello;
    hello.replica = replica();
    hello.answer = (flags & 1U) != 0;
    if (flags > 0xF0) hello.version = flags;
    return hello;
}

wire::Message MessageBuilder::digest() {
    wire::Digest digest;
    for (std::uint8_t left = 1 + in_.below(3); left > 0; --left) {
        const std::string& name = bucket();
        known_.promised[name] = vector(name);
        digest.versions.emplace_back(name, known_.promised[name]);
    }
    return digest;
}

wire::Message MessageBuilder::push() {
    wire::Push push;
    push.bucket = bucket();
    const ReplicaId origin = replica();
    const VersionVector ours = known_.versions[push.bucket];
    const std::uint8_t gap = in_.byte();
    const std::uint64_t from = gap < 0xC0 ? ours[origin] : counter();
    const std::uint64_t to = from + 1 + in_.below(4);
    for (const auto& [other, upto] : vector(push.bucket))
        if (other != origin) push.base.raise(other, upto);
    push.version = push.base;
    // Relays push events of several origins.
    if ((gap & 1U) != 0 && !push.base.empty()) push.version.increment(push.base.begin()->first);
    push.base.raise(origin, from);
    if ((gap & 2U) != 0) push.floor = push.base;
    push.version.raise(origin, to);
    const VersionVector within = in_.below(4) == 0 ? push.version : VersionVector{{origin, to}};
    push.batch = encode_batch(rows(within));
    if ((gap & 0x3CU) == 0x3CU) push.heads = some_heads();
    if (push.heads.size() > push.version.size()) push.heads.resize(push.version.size());
    return push;
}

wire::Message MessageBuilder::prune() {
    wire::Prune prune{bucket(), {}};
    for (std::uint8_t left = in_.below(4); left > 0; --left) prune.origins.push_back(replica());
    return prune;
}

wire::Message MessageBuilder::hearsay() {
    wire::Hearsay hearsay{bucket(), {}};
    for (std::uint8_t left = in_.below(4); left > 0; --left) {
        const ReplicaId who = replica();
        hearsay.acknowledged.emplace_back(who, vector(hearsay.bucket));
    }
    return hearsay;
}

wire::Message MessageBuilder::pull() {
    wire::Pull pull;
    pull.bucket = bucket();
    pull.session = in_.below(4);
    pull.base = vector(pull.bucket);
    pull.credit = std::uint64_t{in_.byte()} << in_.below(57);
    if (in_.below(4) == 1) pull.resume = cursor(pull.bucket);
    return pull;
}

wire::Message MessageBuilder::chunk() {
    const std::string& name = bucket();
    Knowledge::Answer& answer = known_.answers[name];
    const std::uint8_t flags = in_.byte();
    wire::Chunk chunk;
    chunk.session = answer.session;
    chunk.stream = (flags & 0x70U) == 0x70U ? 1 : 0;
    chunk.number = answer.number++;
    if (flags > 0xF0) chunk.number = counter();
    if (answer.unsent.empty()) answer.unsent = encode_batch(rows(known_.promised[name]));
    const bool whole = (flags & 3U) != 1;
    const std::size_t length = whole ? answer.unsent.size() : answer.unsent.size() / 2;
    chunk.part = answer.unsent.substr(0, length);
    answer.unsent.erase(0, length);
    if (whole) chunk.cursor = cursor(name);
    return chunk;
}

wire::Message MessageBuilder::credit() { return wire::Credit{in_.below(4), counter()}; }

wire::Message MessageBuilder::done() {
    const std::string& name = bucket();
    const Knowledge::Answer& answer = known_.answers[name];
    const std::uint8_t flags = in_.byte();
    wire::Done done;
    done.session = answer.session;
    done.stream = (flags & 0x70U) == 0x70U ? 1 : 0;
    done.number = flags > 0xF0 ? counter() : answer.number;
    done.full = (flags & 1U) != 0;
    done.version = vector(name);
    if ((flags & 2U) != 0) done.floor = vector(name);
    done.floor.meet(done.version);
    if ((flags & 12U) == 12U) done.heads = some_heads();
    return done;
}

wire::Message MessageBuilder::cancel() {
    const std::string& name = bucket();
    const std::uint8_t session = in_.byte();
    if (session >= 0xF0) return wire::Cancel{0, std::string(wire::kFeatures) + "heads"};
    return wire::Cancel{session < 0x80 ? known_.answers[name].session : session % 4U, "no more"};
}

wire::Message MessageBuilder::audit() {
    wire::Audit audit;
    audit.bucket = bucket();
    audit.session = in_.below(4);
    audit.from = place();
    audit.to = place();
    if (audit.to < audit.from) std::swap(audit.from, audit.to);
    audit.version = vector(audit.bucket);
    audit.hash = in_.byte();
    audit.rows = in_.byte();
    return audit;
}

wire::Message MessageBuilder::audit_answer() {
    const wire::Audit& question = known_.question;
    const std::uint8_t flags = in_.byte();
    wire::AuditAnswer answer;
    answer.session = flags > 0xF0 ? flags : question.session;
    answer.equal = (flags & 3U) == 3U;
    answer.skipped = (flags & 12U) == 12U;
    answer.upto = (flags & 16U) == 0 ? question.to : place();
    answer.version = vector(question.bucket);
    if ((flags & 32U) != 0) answer.floor = vector(question.bucket);
    answer.floor.meet(answer.version);
    answer.batch = encode_batch(rows(answer.version));
    if ((flags & 64U) != 0) answer.damaged.push_back(place());
    return answer;
}

/// Nobody here has a key that fits a replica: they are shaped like heads, and unsound.
std::vector<Head> MessageBuilder::some_heads() {
    std::vector<Head> heads;
    for (std::uint8_t left = 1 + in_.below(3); left > 0; --left) {
        Head& head = heads.emplace_back();
        head.counter = std::max<std::uint64_t>(counter(), 1);
        head.hash[0] = in_.byte();
        head.proof = Proof(Proof::Bytes{in_.byte()});
    }
    return heads;
}

wire::Message MessageBuilder::heads() {
    const std::string& name = bucket();
    return wire::Heads{name, some_heads()};
}

wire::Message MessageBuilder::audit_rows() {
    wire::AuditRows audit{bucket(), {}, {}, {}};
    audit.version = vector(audit.bucket);
    if (in_.below(4) == 1) audit.floor = vector(audit.bucket);
    audit.floor.meet(audit.version);
    audit.batch = encode_batch(rows(audit.version));
    return audit;
}

}  // namespace kigumi::fuzz
