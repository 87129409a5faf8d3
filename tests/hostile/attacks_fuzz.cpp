#include "hostile/attack.hpp"
#include "hostile/forge.hpp"
#include "message_builder.hpp"

extern "C" {
std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                    unsigned int seed);
std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);
}

/// What the fuzzer's mutator wants of libFuzzer: a change of some bytes. `max_size` is not zero.
std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size) {
    static kigumi::fuzz::Numbers numbers(std::uint64_t{20'240'607});
    if (size == 0 || (size < max_size && numbers.below(4) == 0)) {
        data[size] = static_cast<std::uint8_t>(numbers.next());
        return size + 1;
    }
    data[numbers.below(size)] = static_cast<std::uint8_t>(numbers.next());
    return numbers.below(8) == 0 ? size - 1 : size;
}

/// Whole sessions of well-formed messages that a fuzzer's builder makes up, some of them changed.
/// It writes to rows `k0`, `k1`, … only, which no honest writer uses.
namespace kigumi::hostile {
namespace {

constexpr std::size_t kMaxMutated = 200'000;
constexpr int kMessages = 400;

using Build = wire::Message (fuzz::MessageBuilder::*)();
constexpr Build kBuilders[] = {
    &fuzz::MessageBuilder::digest,       &fuzz::MessageBuilder::push,
    &fuzz::MessageBuilder::prune,        &fuzz::MessageBuilder::hearsay,
    &fuzz::MessageBuilder::pull,         &fuzz::MessageBuilder::chunk,
    &fuzz::MessageBuilder::credit,       &fuzz::MessageBuilder::done,
    &fuzz::MessageBuilder::cancel,       &fuzz::MessageBuilder::audit,
    &fuzz::MessageBuilder::audit_answer, &fuzz::MessageBuilder::audit_rows};

/// Keeps what the builder knows in step with what the node says.
void listen(Channel& channel, fuzz::Knowledge& known) {
    while (const auto frame = channel.receive(Millis(1))) {
        const auto message = wire::decode(*frame);
        if (!message) continue;
        if (const auto* const pull = std::get_if<wire::Pull>(&*message)) {
            known.answers[pull->bucket] = {pull->session, 0, {}};
            known.versions[pull->bucket] = pull->base;
        }
        if (const auto* const audit = std::get_if<wire::Audit>(&*message)) known.question = *audit;
        if (const auto* const digest = std::get_if<wire::Digest>(&*message))
            for (const auto& [bucket, version] : digest->versions) known.versions[bucket] = version;
    }
}

std::string mutated(std::string text, sim::Random& random) {
    const std::size_t size = text.size();
    if (size > kMaxMutated) return text;
    text.resize(size + 1'024);
    text.resize(LLVMFuzzerCustomMutator(reinterpret_cast<std::uint8_t*>(text.data()), size,
                                        text.size(), static_cast<unsigned>(random.next())));
    return text;
}

void session(Peer& peer, unsigned mutated_percent) {
    const Target& target = peer.target();
    const ReplicaId self = peer.self();
    fuzz::Knowledge known;
    known.buckets = {kPlain, kSigned, kOwn};
    known.replicas = {self, target.replica, peer.fresh_id()};
    for (const std::string& bucket : known.buckets) known.versions[bucket] = target.version(bucket);
    auto channel = peer.greet(target, self);
    for (int i = 0; i < kMessages && peer.going_on(); ++i) {
        std::string bytes(200, '\0');
        for (char& byte : bytes) byte = static_cast<char>(peer.random().next());
        fuzz::Input input(bytes);
        fuzz::MessageBuilder builder(input, known);
        const Build build = kBuilders[peer.random().below(std::size(kBuilders))];
        std::string frame = wire::encode((builder.*build)());
        // One that is malformed ends the session on the other side.
        const bool change = peer.random().chance(mutated_percent);
        if (change) frame = mutated(std::move(frame), peer.random());
        if (!channel->send(frame)) break;
        if (i % 8 == 7) listen(*channel, known);
        if (change && !wire::decode(frame)) channel = peer.greet(target, self);
    }
}

void sessions(Peer& peer) { session(peer, 0); }
void mutated_sessions(Peer& peer) { session(peer, 10); }

}  // namespace

std::vector<Attack> fuzz_attacks() {
    return {{"fuzz-sessions", Right::kNone, sessions},
            {"fuzz-mutated-sessions", Right::kNone, mutated_sessions}};
}

}  // namespace kigumi::hostile
