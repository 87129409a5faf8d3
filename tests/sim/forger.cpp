#include "forger.hpp"

#include "kigumi/replication/batch.hpp"
#include "protocol/messages.hpp"

namespace kigumi::sim {
namespace {

void alter(Payload& payload) {
    if (auto* const tally = std::get_if<Tally>(&payload)) {
        ++tally->added;
    } else if (auto* const reset = std::get_if<Reset>(&payload)) {
        reset->seen[ReplicaId()].added += 1;
    } else {
        payload = payload == Payload(Value("forged")) ? Payload(Removed{}) : Value("forged");
    }
}

void alter(Write& write, Random& random) {
    const std::uint64_t what = random.below(3);
    if (what == 0) write.proof = {};
    if (what == 1) ++write.time.bits;
    if (what == 2) alter(write.payload);
}

bool alter(std::string& batch, Random& random) {
    auto rows = decode_batch(batch);
    if (!rows || rows->empty()) return false;
    Row& row = (*rows)[random.below(rows->size())].row;
    Write write = *std::next(row.begin(), static_cast<std::ptrdiff_t>(random.below(row.size())));
    alter(write, random);
    row.insert(std::move(write));
    batch = encode_batch(*rows);
    return true;
}

/// A part of a batch cannot be understood alone. Whatever bit of it is another one, either the
/// batch is malformed then, or some write is not what its origin has signed.
bool alter_part(std::string& part, Random& random) {
    if (part.empty()) return false;
    char& byte = part[random.below(part.size())];
    byte = static_cast<char>(byte ^ (1 << random.below(8)));
    return true;
}

}  // namespace

std::optional<std::string> forged(const std::string& message, Random& random) {
    auto decoded = wire::decode(message);
    if (!decoded) return std::nullopt;
    const bool altered = std::visit(
        [&random](auto& body) {
            if constexpr (requires { body.batch; }) return alter(body.batch, random);
            if constexpr (requires { body.part; })
                return alter(body.part, random) || alter_part(body.part, random);
            return false;
        },
        *decoded);
    if (!altered) return std::nullopt;
    return wire::encode(*decoded);
}

}  // namespace kigumi::sim
