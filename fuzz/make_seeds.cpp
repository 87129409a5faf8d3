#include <cstdio>
#include <filesystem>
#include <fstream>

#include "big_endian.hpp"
#include "bundle/block_file.hpp"
#include "kigumi/crdt/memory_rows.hpp"
#include "kigumi/crdt/path.hpp"
#include "kigumi/replication/bundle.hpp"
#include "kigumi/replication/memory_env.hpp"
#include "membership_messages.hpp"
#include "protocol/messages.hpp"
#include "replicator_events.hpp"
#include "row_record.hpp"

/// Writes the seeds of all fuzzers below a directory: real encodings of small things of each kind.
/// The seeds are committed; this is run again when a format or an event changes.
namespace kigumi::fuzz {
namespace {

namespace fs = std::filesystem;

class Folder {
  public:
    explicit Folder(const fs::path& path) : path_(path) { fs::create_directories(path); }
    void add(const std::string& name, std::string_view bytes) const {
        std::ofstream out(path_ / name, std::ios::binary);
        out << bytes;
    }

  private:
    fs::path path_;
};

ReplicaId replica(std::uint8_t number) {
    ReplicaId::Bytes bytes{};
    bytes.fill(static_cast<std::uint8_t>(0x11 * number));
    return ReplicaId(bytes);
}

/// Two replicas that have written objects of all types, apart and after each other.
MemoryRows written_rows() {
    const auto wall_ms = [] { return std::uint64_t{1'700'000'000'000}; };
    MemoryRows one(replica(1), wall_ms);
    MemoryRows two(replica(2), wall_ms);
    const auto write = [](MemoryRows& rows, std::int64_t n) -> Result<void> {
        KIGUMI_CHECK(rows.reg("r").assign(Value(n)));
        KIGUMI_CHECK(rows.reg("big").assign(Value(Array{Value(), Value(true), Value(1.5 + n)})));
        KIGUMI_CHECK(rows.reg("object").assign(
            Value(Object{{"a", Value(Bytes{std::string(3, '\0')})}, {"b", Value("ü")}})));
        KIGUMI_CHECK(rows.flag("f").enable());
        KIGUMI_CHECK(rows.set("s").add(Value(n)));
        KIGUMI_CHECK(rows.set("s").add(Value(Array{Value(n), Value("x")})));
        KIGUMI_CHECK(rows.map("m").reg("field").assign(Value("v")));
        KIGUMI_CHECK(rows.map("m").counter("hits").add(n));
        KIGUMI_CHECK(rows.map("m").set("tags").add(Value("t")));
        return rows.counter("c").add(n);
    };
    write(one, 1).value();
    write(two, -2).value();
    one.join(two);
    one.counter("c").reset().value();
    one.set("s").erase(Value(-2)).value();
    two.counter("c").add(3).value();
    one.join(two);
    return one;
}

/// The first write of a row, with what is taken for a proof.
Row proven(const Row& row) {
    Write first = *row.begin();
    first.proof = *Proof::from_bytes(std::string(Proof::kSize, 'p'));
    Row one;
    one.insert(std::move(first));
    return one;
}

void batches(const Folder& folder, const MemoryRows& rows) {
    std::vector<KeyedRow> all;
    for (const auto& [at, row] : rows.rows()) {
        all.push_back({at, row});
        folder.add("row-" + std::to_string(all.size()), encode_batch({all.back()}));
    }
    folder.add("all", encode_batch(all));
    folder.add("proof", encode_batch({{all.front().at, proven(all.front().row)}}));
    folder.add("none", encode_batch({}));
}

void messages(const Folder& folder, const MemoryRows& rows) {
    std::vector<KeyedRow> some;
    for (const auto& [at, row] : rows.rows())
        if (some.size() < 3) some.push_back({at, row});
    const VersionVector version = rows.version();
    const wire::Cursor cursor{true, {}, version, version, true, some.front().at, {replica(1), 3}};
    folder.add("hello", wire::encode(wire::Hello{wire::kProtocolVersion, replica(1), true}));
    folder.add("hello-cluster",
               wire::encode(wire::Hello{wire::kProtocolVersion, replica(1), false, "orders"}));
    folder.add("who", wire::encode(wire::Who{}));
    folder.add("bye", wire::encode(wire::Bye{}));
    folder.add("digest", wire::encode(wire::Digest{{{"default", version}, {"b", {}}}}));
    folder.add("push", wire::encode(wire::Push{"default",
                                               {{replica(1), 1}, {replica(2), 4}},
                                               {{replica(1), 9}, {replica(2), 4}},
                                               {{replica(2), 3}},
                                               encode_batch(some)}));
    folder.add("prune", wire::encode(wire::Prune{"default", {replica(1), replica(2)}}));
    folder.add("hearsay", wire::encode(wire::Hearsay{"default", {{replica(2), version}}}));
    folder.add("pull", wire::encode(wire::Pull{"default", 7, version, 1 << 20, {}}));
    folder.add("pull-resumed", wire::encode(wire::Pull{"default", 7, version, 1 << 20, cursor}));
    folder.add("chunk", wire::encode(wire::Chunk{7, 8, 0, encode_batch(some), cursor}));
    folder.add("chunk-part", wire::encode(wire::Chunk{7, 8, 1, "part", {}}));
    folder.add("credit", wire::encode(wire::Credit{7, 65'536}));
    folder.add("done", wire::encode(wire::Done{7, 8, 2, version, {{replica(1), 1}}, true}));
    folder.add("cancel", wire::encode(wire::Cancel{7, "no such bucket"}));
    folder.add("audit", wire::encode(wire::Audit{"default", 7, "a", "b", version, 5, 3}));
    const std::string batch = encode_batch(some);
    folder.add("audit-answer", wire::encode(wire::AuditAnswer{
                                   7, false, false, "", version, {{replica(1), 1}}, batch, {"p"}}));
    const wire::VersionChange change{0x1234567890ABCDEF, {{replica(1), 9}}};
    folder.add("digest-change",
               wire::encode(wire::DigestChange{
                   {{"default", {change.since, {{replica(1), 9}, {replica(2), 0}}}, true, 7},
                    {"b", {change.since, {}}, false, 0}}}));
    folder.add("push-change",
               wire::encode(wire::PushChange{
                   "default", change, true, {{replica(1), 1}}, {0, {{replica(2), 3}}}, batch}));
    folder.add("say-whole", wire::encode(wire::SayWhole{"default"}));
    folder.add("hearsay-change",
               wire::encode(wire::HearsayChange{
                   "default", change, {{replica(2), {{replica(1), 8}, {replica(2), 0}}}}}));
    Head head;
    head.counter = 9;
    head.hash.fill(0x5A);
    head.proof = proven(some.front().row).begin()->proof;
    wire::Push push{"default", {{replica(1), 1}}, {{replica(1), 9}}, {}, batch, {head}};
    folder.add("push-heads", wire::encode(push));
    folder.add("push-change-heads",
               wire::encode(wire::PushChange{
                   "default", change, true, {{replica(1), 1}}, {0, {}}, batch, {head}}));
    folder.add("done-heads", wire::encode(wire::Done{7, 8, 2, version, {}, false, {head}}));
    folder.add("features", wire::encode(wire::Cancel{0, std::string(wire::kFeatures) + "heads"}));
    folder.add("heads", wire::encode(wire::Heads{"default", {head, head}}));
    folder.add("audit-rows",
               wire::encode(wire::AuditRows{"default", version, {{replica(1), 1}}, batch}));
}

/// Numbers replicas 1 to 9 from 0, as the harness does.
class Numbered : public codec::OriginNumbers {
  public:
    std::uint64_t number_of(const ReplicaId& origin) override {
        return static_cast<std::uint64_t>(origin.bytes().front() / 0x11 - 1);
    }
};

void records(const Folder& folder, const MemoryRows& rows) {
    constexpr std::size_t kChecksumBytes = 4;
    Numbered origins;
    int number = 0;
    const auto add = [&](const RowKey& at, const Row& row, const std::string& name = {}) {
        const StoreKey key = store_key(at);
        const std::string record = encode_record(key.bytes, key.shortened, at, row, origins);
        std::string input("\x09\x00", 2);
        input.push_back(static_cast<char>(key.bytes.size()));
        folder.add("record-" + (name.empty() ? std::to_string(++number) : name),
                   input + key.bytes + record.substr(kChecksumBytes));
    };
    for (const auto& [at, row] : rows.rows()) add(at, row);
    RowKey long_names{std::string(150, 'k'), Type::kSet, {}};
    path::append(long_names.path, Value(std::string(150, '\0')));
    add(long_names, rows.rows().begin()->second);
    const auto& [at, row] = *rows.rows().begin();
    add(at, proven(row), "proof");
}

void json(const Folder& folder) {
    int number = 0;
    for (const char* text :
         {"null", "[true,false]", "-9223372036854775808", "9223372036854775807", "-0.0", "1e-300",
          R"({"$bytes":"00ff7f"})", R"({"a":{"b":[1,2.5,"\u00fc\u0000"]},"c":{}})",
          "[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]", R"("\ud83d\ude00\\\"/")", " [ 1 , {\"\" : \"\"} ]\n",
          R"([{"$bytes":""},{"$bytes":"00","x":1}])"})
        folder.add("json-" + std::to_string(++number), text);
}

void loads(const Folder& folder) {
    int number = 0;
    const auto add = [&](const std::string& text) {
        folder.add("load-" + std::to_string(++number), text);
    };
    add(R"({"key":"r","type":"register","value":{"x":[1,null]}})");
    add(R"({"key":"k","type":"counter","value":-5})");
    add(R"({"key":"k","type":"set","value":[1]})");
    add(R"({"key":"s","type":"set","value":["milk","eggs",1.5]})");
    add(R"({"key":"m","type":"map","value":{"a":1,"b":{"$bytes":"00"}}})");
    add("{\"key\":\"f\",\"type\":\"flag\",\"value\":true}\n\n \t\r\n"
        "{\"key\":\"f\",\"type\":\"flag\",\"value\":false}\n");
    add(R"({"key":"","type":"set","value":[]})");
    add(R"({"key":"c","type":"counter","value":9223372036854775807})");
    add("{\"key\":\"a\",\"type\":\"register\",\"value\":1}\nnot JSON\n");
    // More lines than one transaction takes, with and without an error in the second.
    std::string many;
    for (int i = 0; i < 1001; ++i) many += "{\"key\":\"a\",\"type\":\"flag\",\"value\":true}\n";
    add(many);
    add(many + "{}\n");
}

/// Streams of bundles, as the harness takes them: behind a byte that says whether it mends the
/// checksums, and without the blocks around them.
void bundles(const Folder& folder) {
    const auto stream_of = [](const fs::path& file) {
        const auto in = bundle::BlockReader::open(file);
        std::string stream;
        while (in && !(*in)->at_end().value_or(true)) stream += *(*in)->take(1);
        return stream;
    };
    const fs::path file = fs::temp_directory_path() / "kigumi-seed.bundle";
    StoreOptions fixed;
    fixed.wall_ms = [] { return std::uint64_t{1'700'000'000'000}; };
    fixed.random = [](std::span<std::uint8_t> out) { std::fill(out.begin(), out.end(), 7); };
    const auto store = Store::over(std::make_shared<kv::MemoryEnv>(), fixed).value();
    const auto write = [&](const std::string& name, const bundle::WriteOptions& options) {
        bundle::write(*store, file, options).value();
        folder.add("bundle-" + name, '\1' + stream_of(file));
        std::ifstream whole(file, std::ios::binary);
        folder.add("file-" + name, '\0' + std::string(std::istreambuf_iterator<char>(whole), {}));
    };
    write("empty", {});
    bundle::WriteOptions since;
    for (int round = 0; round < 2; ++round) {
        auto txn = store->write().value();
        txn.set("s").add(round).value();
        txn.set("s").erase(round - 1).value();
        txn.counter("c").add(round + 1).value();
        txn.map("m").reg("f").assign(Value(std::string(200, 'x'))).value();
        txn.commit().value();
        if (round == 0) since.since.emplace(kDefaultBucket, txn.version());
    }
    write("full", {});
    write("since", since);
    auto other = store->write("other").value();
    other.flag("f").enable().value();
    other.commit().value();
    write("buckets", {});
    fs::remove(file);
}

void failure_detection(const Folder& folder) {
    using namespace membership;
    const Contact one{replica(1), "192.0.2.1:7001", "", false};
    const Contact two{replica(2), "[2001:db8::2]:7001", std::string(40, 'k'), true};
    const std::vector<Claim> claims{{one, 1'000, Liveness::kSuspect, replica(3)},
                                    {two, 1'700'000'000'000, Liveness::kAlive, {}},
                                    {{replica(3), "c:1", "", false}, 3, Liveness::kDown, {}},
                                    {{replica(4), "d:1", "", false}, 4, Liveness::kLeft, {}}};
    const auto add = [&](const std::string& name, Body body, std::vector<Claim> told) {
        folder.add(name, encode({two, 7, std::move(body), std::move(told)}));
    };
    add("ping", Ping{1, replica(1)}, claims);
    add("ping-for", PingFor{2, one}, {});
    add("ack", Ack{3}, {});
    add("nack", Nack{UINT64_MAX}, {});
    add("gossip", Gossip{}, claims);
    add("exchange", Exchange{true}, claims);
    add("exchange-answer", Exchange{false}, {});
}

std::string bytes(std::initializer_list<int> numbers) {
    std::string out;
    for (const int number : numbers) out.push_back(static_cast<char>(number));
    return out;
}

/// Events as `ReplicatorWorld` and `MessageBuilder` read them. Buckets, links and replicas are
/// named by their number; replica 3 is the node itself. Each begins with small (1) or usual (0)
/// limits and a link to peer 0.
void events(const Folder& folder) {
    const std::string small = bytes({1, kLinkUp, 0, kHello, 0, 0, 0, kFlush});
    const std::string usual = bytes({0, kLinkUp, 1, kHello, 0, 0, 0, kFlush});
    // Link, number of buckets less one, bucket, vector.
    const std::string promise = bytes({kDigest, 0, 0, 0, kOursRaised, 0, 3});
    const std::string pulling = promise + bytes({kTick, 6, kFlush});
    // A row: name, type, member of a set, number of writes less one, whether the dot is within the
    // vector, its entry, distance from its counter, time, payload.
    const std::string row = bytes({0, 0, 0, 1, 0, 0, 5, 6, 1});
    const std::string other_row = bytes({1, 2, 0, 0, 1, 0, 1, 5, 6, 1});
    // Link, bucket, flags, number of rows and the rows, cursor.
    const std::string part = bytes({kChunk, 0, 0, 1, 2}) + row + other_row;
    const std::string rest = bytes({kChunk, 0, 0, 0, 0, kOurs, kOurs, 0});
    const std::string chunk = bytes({kChunk, 0, 0, 0, 1}) + row + bytes({0, kOurs, kPromised, 0});
    const std::string done = bytes({kDone, 0, 0, 0, kPromised});
    const std::string done_full = bytes({kDone, 0, 0, 1, kPromised});
    // Link, bucket, origin, gap, to less one, dep, what the rows hold, rows.
    const std::string push = bytes({kPush, 0, 0, 0, 0, 1, kOurs, 0, 1}) + row;
    const std::string early = bytes({kPush, 0, 0, 1, 0, 1, kOursRaised, 2, 1, 0, 1}) + row;
    const std::string commit = bytes({kLocalCommit, 0, 0, 1, 2, kFlush});
    const std::string asked = bytes({kPull, 0, 0, 1, kNothing, 200, 8, 0});
    const std::string credit = bytes({kCredit, 0, 1, 23});

    folder.add("push", small + push + bytes({kFlush}) + push + bytes({kFlush}));
    folder.add("push-early", small + early + bytes({kFlush, kTick, 6, kFlush}) + push);
    folder.add("pull", small + pulling + chunk + done + bytes({kFlush, kTick, 9, kFlush}));
    folder.add("pull-parts", small + pulling + part + rest + chunk + done);
    folder.add("pull-full", usual + commit + pulling + chunk + done_full + commit);
    folder.add("pull-broken", usual + pulling + chunk + bytes({kTick, 12, kFlush, kTick, 7}));
    folder.add("pull-cancelled", small + pulling + part + bytes({kCancel, 0, 0, 0, kTick, 9}));
    folder.add("link-lost", small + pulling + chunk + bytes({kLinkDown, 0}) + small.substr(1));
    folder.add("commit", small + promise + commit + commit + commit + bytes({kTick, 10, kFlush}));
    folder.add("answer", small + commit + commit + commit + asked + credit + credit + credit);
    folder.add("identity", usual + commit + bytes({kDigest, 0, 0, 0, kOursRaised, 3, 0}) + commit);
    folder.add("heads", usual + commit + bytes({kCancel, 0, 0, 0xF0}) +
                            bytes({kHeads, 0, 0, 1, 3, 1, 2, 9, 3, 4}) + commit);
    folder.add("commit-fails", small + pulling + chunk + bytes({kCommitFails}) + done + pulling);
    // Two rows too large to be kept in memory, which cannot be staged either.
    const std::string large =
        bytes({kChunk, 0, 0, 0, 2, 0, 0, 0, 1,    0, 0,     5,         6, 0xFE,
               1,      0, 0, 1, 0, 0, 5, 6, 0xFE, 0, kOurs, kPromised, 0});
    folder.add("staging-fails", small + pulling + bytes({kCommitFails}) + large);
    folder.add("staged", small + pulling + large + chunk + done);
    folder.add("who-bye", usual + bytes({kWhoOrBye, 0, 0, kTick, 10, kWhoOrBye, 0, 1}));
    folder.add("damaged", small + push + bytes({kDamagedMessage, 0, 9, 0xC1, 0}));
    folder.add("two-links", small + bytes({kLinkUp, 1, kHello, 1, 0, 1}) + pulling + chunk +
                                commit + done + push + bytes({kFlush, kTick, 6, kFlush}));
    // Link, bucket, session, two places, vector, hash, rows.
    const std::string audit = bytes({kAudit, 0, 0, 1, 0, 0, kOurs, 1, 1});
    // A row whose write this node has seen.
    const std::string seen = bytes({0, 2, 0, 0, 1, 0, 0, 5, 6, 1});
    // Link, flags, vector, number of rows and the rows.
    const std::string answer = bytes({kAuditAnswer, 0, 0, kOurs, 1}) + seen;
    // Link, bucket, vector, floor, number of rows and the rows.
    const std::string given = bytes({kAuditRows, 0, 0, kOurs, 0, 1}) + seen;
    folder.add("audit-asked", small + commit + push + bytes({kFlush}) + audit + given + audit);
    folder.add("audit-asks", small.substr(0, 3) + bytes({kHello, 0, 0, 2, kFlush}) + promise +
                                 commit + bytes({kTick, 11, kTick, 11, kFlush}) + answer + answer);
    std::string hello = wire::encode(wire::Hello{wire::kProtocolVersion, replica(1), false});
    hello.insert(0, bytes({kRawMessage, 0, 0, static_cast<int>(hello.size())}));
    folder.add("raw", bytes({0, kLinkUp, 0}) + hello + bytes({kRawMessage, 0, 0, 2, 0x91, 0x01}));
}

void write_all(const fs::path& root) {
    const MemoryRows rows = written_rows();
    batches(Folder(root / "batch"), rows);
    messages(Folder(root / "message"), rows);
    records(Folder(root / "record"), rows);
    json(Folder(root / "json"));
    loads(Folder(root / "load"));
    bundles(Folder(root / "bundle"));
    events(Folder(root / "replicator"));
    failure_detection(Folder(root / "membership"));
}

}  // namespace
}  // namespace kigumi::fuzz

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: make_seeds DIRECTORY\n");
        return 2;
    }
    kigumi::fuzz::write_all(argv[1]);
    return 0;
}
