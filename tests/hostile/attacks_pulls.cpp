#include "hostile/attack.hpp"
#include "hostile/forge.hpp"

/// Answers to the pulls of nodes.
namespace kigumi::hostile {
namespace {

constexpr std::size_t kPartBytes = 900'000;
constexpr std::size_t kMaxSent = std::size_t{400} << 20;

using Answer = std::function<void(Channel&, const wire::Pull&, const ReplicaId& self)>;

/// Has a node pull, and answers.
void answer_pull(Peer& peer, const Answer& answer, std::uint64_t events = 1) {
    const Target& target = peer.target();
    const ReplicaId self = peer.self();
    const std::string bucket = peer.bucket();
    const auto channel = peer.greet(target, self);
    if (const auto pull = lure(*channel, target, bucket, self, events))
        answer(*channel, *pull, self);
    channel->receive(Millis(100));
}

/// Where an answer goes on, by its own account.
wire::Cursor cursor_at(const VersionVector& to) {
    wire::Cursor cursor;
    cursor.to = to;
    return cursor;
}

void batch_without_end(Peer& peer) {
    answer_pull(peer, [&](Channel& channel, const wire::Pull& pull, const ReplicaId&) {
        const std::string part(kPartBytes, '\x90');
        std::size_t sent = 0;
        for (std::uint64_t number = 0; sent < kMaxSent && peer.going_on(); ++number) {
            if (!channel.send(wire::Chunk{pull.session, 1, number, part, std::nullopt})) break;
            sent += part.size();
        }
    });
}

/// One batch whose elements are as small as they can be, and need most memory when decoded.
void tiny_elements(Peer& peer) {
    const std::uint64_t parts = peer.random().chance(50) ? 20 : 129;
    answer_pull(peer, [&](Channel& channel, const wire::Pull& pull, const ReplicaId&) {
        // An array of as many numbers as bytes, so that it is well-formed as msgpack.
        const std::string part(kPartBytes, '\1');
        const std::uint64_t elements = parts * kPartBytes;
        std::string head("\xDD", 1);
        for (int shift = 24; shift >= 0; shift -= 8)
            head.push_back(static_cast<char>(elements >> shift));
        channel.send(wire::Chunk{pull.session, 1, 0, head, std::nullopt});
        for (std::uint64_t number = 1; number <= parts && peer.going_on(); ++number) {
            std::optional<wire::Cursor> cursor;
            if (number == parts) cursor = cursor_at(pull.base);
            if (!channel.send(wire::Chunk{pull.session, 1, number, part, cursor})) break;
        }
        channel.receive(Millis(500));
    });
}

void rows_without_end(Peer& peer) {
    answer_pull(peer, [&](Channel& channel, const wire::Pull& pull, const ReplicaId& self) {
        constexpr std::size_t kRows = 15'000;
        std::uint64_t first = pull.base[self] + 1;
        for (std::uint64_t number = 0; number < 300 && peer.going_on(); ++number) {
            if (!channel.send(wire::Chunk{pull.session, 1, number,
                                          many_rows("endless", self, first, kRows),
                                          cursor_at(raised(pull.base, self, first + kRows))}))
                break;
            first += kRows;
        }
    });
}

void wrong_cursors(Peer& peer) {
    answer_pull(peer, [&](Channel& channel, const wire::Pull& pull, const ReplicaId& self) {
        wire::Cursor cursor = cursor_at(huge(pull.base));
        cursor.from = huge(pull.base);
        cursor.floor = huge(pull.base);
        cursor.full = cursor.in_rows = true;
        cursor.row = {std::string(4'000, 'x'), Type::kSet, std::string(60'000, 'y')};
        cursor.position = {self, kHuge};
        const std::string batch = encode_batch(
            {row_of("hostile", Type::kRegister, {self, pull.base[self] + 1}, Value("cursor"))});
        for (std::uint64_t number = 0; number < 50 && peer.going_on(); ++number)
            channel.send(wire::Chunk{pull.session, 1, number, batch, cursor});
        // Whether it is asked to go on from there.
        channel.send(wire::Cancel{pull.session, "no more"});
    });
}

void missing_parts(Peer& peer) {
    answer_pull(
        peer,
        [&](Channel& channel, const wire::Pull& pull, const ReplicaId& self) {
            const VersionVector version = raised(pull.base, self, 3);
            const std::string batch = encode_batch(
                {row_of("hostile", Type::kRegister, {self, pull.base[self] + 3}, Value("gap"))});
            channel.send(wire::Chunk{pull.session, 1, 0, batch, cursor_at(version)});
            channel.send(wire::Chunk{pull.session, 1, 3, batch, cursor_at(version)});
            channel.send(wire::Chunk{pull.session, 2, 1, batch, cursor_at(version)});
            channel.send(wire::Done{pull.session, 1, 4, version, {}, false});
            channel.send(wire::Done{pull.session, 2, 2, version, {}, true});
            channel.send(wire::Done{pull.session, 1, kHuge, version, {}, false});
        },
        3);
}

void full_answer_of_nothing(Peer& peer) {
    answer_pull(peer, [&](Channel& channel, const wire::Pull& pull, const ReplicaId& self) {
        channel.send(wire::Done{pull.session, 1, 0, raised(pull.base, self), {}, true});
    });
}

/// The row of a counter with nothing but an own contribution, of zero: what others have added is
/// covered by the version, so an ordinary join drops it.
void omitted_contributions(Peer& peer) {
    answer_pull(peer, [&](Channel& channel, const wire::Pull& pull, const ReplicaId& self) {
        const VersionVector version = raised(pull.base, self);
        const std::string batch =
            encode_batch({row_of("total", Type::kCounter, {self, version[self]}, Tally{0, 0})});
        channel.send(wire::Chunk{pull.session, 1, 0, batch, cursor_at(version)});
        channel.send(wire::Done{pull.session, 1, 1, version, {}, false});
    });
}

void restarted_contributions(Peer& peer) {
    const Target& target = peer.target();
    const ReplicaId self = peer.self();
    const auto channel = peer.greet(target, self);
    const auto pull = lure(*channel, target, kPlain, self);
    if (!pull) return;
    const VersionVector version = raised(pull->base, self);
    Row row = target.row(kPlain, {"total", Type::kCounter, {}});
    Row forged;
    for (Write write : row) {
        if (std::holds_alternative<Tally>(write.payload)) write.payload = Tally{0, 0};
        forged.insert(std::move(write));
    }
    forged.insert({{self, version[self]}, Hlc::at_ms(1), Tally{0, 0}});
    channel->send(wire::Chunk{pull->session, 1, 0,
                              encode_batch({{{"total", Type::kCounter, {}}, forged}}),
                              cursor_at(version)});
    channel->send(wire::Done{pull->session, 1, 1, version, {}, false});
    channel->receive(Millis(100));
}

/// As many pulls at once as the node will begin, each answered with half a batch.
void many_half_answers(Peer& peer) {
    const Target& target = peer.target();
    std::vector<std::unique_ptr<Channel>> channels;
    const std::string part(kPartBytes, '\x90');
    for (int i = 0; i < 40 && peer.going_on(); ++i) {
        const ReplicaId self = peer.fresh_id();
        auto channel = peer.dial(target);
        channel->Channel::send(wire::Hello{wire::kProtocolVersion, self, false});
        const std::string bucket = "half" + std::to_string(i % 32);
        channel->Channel::send(wire::Digest{{{bucket, {{self, 1}}}}});
        if (const auto pull = channel->await<wire::Pull>(Millis(80)))
            for (std::uint64_t number = 0; number < 20 && peer.going_on(); ++number)
                channel->Channel::send(wire::Chunk{pull->session, 1, number, part, std::nullopt});
        channels.push_back(std::move(channel));
    }
    channels.empty() ? std::nullopt : channels.back()->receive(Millis(300));
}

}  // namespace

std::vector<Attack> pull_attacks() {
    return {{"pull-batch-without-end", Right::kWrite, batch_without_end},
            {"pull-tiny-elements", Right::kWrite, tiny_elements},
            {"pull-rows-without-end", Right::kWrite, rows_without_end},
            {"pull-wrong-cursors", Right::kWrite, wrong_cursors},
            {"pull-missing-parts", Right::kWrite, missing_parts},
            {"pull-full-of-nothing", Right::kWrite, full_answer_of_nothing},
            {"pull-omitted-counts", Right::kWrite, omitted_contributions},
            {"pull-restarted-counts", Right::kWrite, restarted_contributions},
            {"pull-many-half-answers", Right::kWrite, many_half_answers}};
}

}  // namespace kigumi::hostile
