#include <functional>

#include "hostile/attack.hpp"
#include "hostile/forge.hpp"
#include "kigumi/crdt/path.hpp"
#include "support/process.hpp"

/// Pushes of rows: what they leave out, what they are proved with, how many they are.
namespace kigumi::hostile {
namespace {

void push_often(Peer& peer, const std::string& bucket,
                const std::function<std::vector<KeyedRow>(const Target&, const Dot&)>& rows) {
    const Target& target = peer.target();
    const ReplicaId self = peer.self();
    const auto channel = peer.greet(target, self);
    for (int i = 0; i < 20 && peer.going_on(); ++i) {
        wire::Push push = own_push(target, bucket, self);
        push.batch = encode_batch(rows(target, {self, push.version[self]}));
        channel->send(push);
        channel->receive(Millis(30));
    }
}

/// A join of this row drops what others have added.
void omitted_contributions(Peer& peer) {
    push_often(peer, kPlain, [](const Target&, const Dot& dot) -> std::vector<KeyedRow> {
        return {row_of("total", Type::kCounter, dot, Tally{0, 0})};
    });
}

void altered_contributions(Peer& peer) {
    push_often(peer, kPlain, [](const Target& target, const Dot& dot) -> std::vector<KeyedRow> {
        const RowKey at{"total", Type::kCounter, {}};
        Row forged;
        for (Write write : target.row(kPlain, at)) {
            if (write.dot.origin != dot.origin && std::holds_alternative<Tally>(write.payload))
                write.payload = Tally{1, 1'000'000};
            forged.insert(std::move(write));
        }
        forged.insert({dot, Hlc::at_ms(1), Tally{0, 0}});
        return {{at, forged}};
    });
}

/// Rows in which it has no write of its own, or which others have not written so.
void writes_of_others(Peer& peer) {
    push_often(peer, kPlain, [](const Target& target, const Dot& dot) -> std::vector<KeyedRow> {
        const RowKey at{"last", Type::kRegister, {}};
        Row forged;
        for (Write write : target.row(kPlain, at)) {
            if (write.dot.origin == dot.origin) continue;
            write.payload = Value("forged");
            forged.insert(std::move(write));
        }
        std::vector<KeyedRow> rows = {
            row_of("hostile", Type::kRegister, dot, Value("own")),
            row_of("invented", Type::kRegister, {target.replica, 1}, Value("invented"))};
        if (!forged.empty()) rows.push_back({at, forged});
        return rows;
    });
}

wire::Push forged_push(Peer& peer, const Target& target, const ReplicaId& self,
                       std::uint64_t writes) {
    wire::Push push = own_push(target, kSigned, self, writes);
    std::vector<KeyedRow> rows;
    for (std::uint64_t i = 0; i < writes; ++i) {
        Proof::Bytes bytes{};
        for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(peer.random().next());
        Row row;
        row.insert({{self, push.base[self] + 1 + i}, Hlc::at_ms(1), Value(1), Proof(bytes)});
        rows.push_back({{"proved" + std::to_string(i), Type::kRegister, {}}, row});
    }
    push.batch = encode_batch(rows);
    return push;
}

/// Each of a push's writes costs a check, and the push is sent again and again.
void wrong_proofs(Peer& peer) {
    const Target& target = peer.target();
    const ReplicaId self = peer.self();
    const auto channel = peer.greet(target, self);
    const std::string push = wire::encode(forged_push(peer, target, self, 6'000));
    for (int i = 0; i < 40 && peer.going_on(); ++i) channel->send(push);
    channel->receive(Millis(200));
}

/// Proofs that a curve has to be calculated for: keys that are no points are found out at once.
void proofs_of_others(Peer& peer) {
    const Target& target = peer.target();
    const ReplicaId self = peer.self();
    const auto channel = peer.greet(target, self);
    auto snapshot = target.store->read(kSigned);
    if (!snapshot) return;
    std::vector<Proof> proofs;
    static_cast<void>(snapshot->scan({}, [&](const RowKey&, const Row& row) {
        for (const Write& write : row)
            if (!write.proof.empty()) proofs.push_back(write.proof);
        return proofs.size() < 100;
    }));
    if (proofs.empty()) return;
    constexpr std::uint64_t kWrites = 6'000;
    wire::Push push = own_push(target, kSigned, target.replica, kWrites);
    std::vector<KeyedRow> rows;
    // In the name of the victim and with its key, so that only the signature is wrong.
    for (std::uint64_t i = 0; i < kWrites; ++i) {
        Row row;
        row.insert({{target.replica, push.base[target.replica] + 1 + i},
                    Hlc::at_ms(1),
                    Value(static_cast<std::int64_t>(i)),
                    proofs[i % proofs.size()]});
        rows.push_back({{"proved" + std::to_string(i), Type::kRegister, {}}, row});
    }
    push.batch = encode_batch(rows);
    const std::string sent = wire::encode(push);
    for (int i = 0; i < 40 && peer.going_on(); ++i) channel->send(sent);
    channel->receive(Millis(200));
}

/// Requests with times in the future, so that those of others look oldest.
void future_requests(Peer& peer) {
    const Target& target = peer.target();
    const ReplicaId self = peer.self();
    const auto channel = peer.greet(target, self);
    constexpr std::uint64_t kRows = 4'000;
    for (int i = 0; i < 18 && peer.going_on(); ++i) {
        wire::Push push = own_push(target, kPlain, self, kRows);
        std::vector<KeyedRow> rows;
        for (std::uint64_t n = 0; n < kRows; ++n) {
            const Dot dot{self, push.base[self] + 1 + n};
            RowKey at{std::string(kRequestsKey), Type::kRequest, {}};
            path::append(at.path, Value("x" + self.short_hex() + std::to_string(dot.counter)));
            Row row;
            row.insert({dot, Hlc::at_ms(4'000'000'000'000), Value(1)});
            rows.push_back({at, row});
        }
        push.batch = encode_batch(rows);
        channel->send(push);
        // The next one begins where this one ends.
        eventually(Millis(1'000),
                   [&] { return !peer.going_on() || target.version(kPlain).covers(push.version); });
    }
}

}  // namespace

std::vector<Attack> row_attacks() {
    return {{"push-omitted-counts", Right::kWrite, omitted_contributions},
            {"push-altered-counts", Right::kWrite, altered_contributions},
            {"push-writes-of-others", Right::kWrite, writes_of_others},
            {"proofs-wrong", Right::kWrite, wrong_proofs},
            {"proofs-of-others", Right::kRelay, proofs_of_others},
            {"requests-future", Right::kWrite, future_requests}};
}

}  // namespace kigumi::hostile
