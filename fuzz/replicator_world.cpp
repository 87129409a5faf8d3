#include "replicator_world.hpp"

#include "check.hpp"
#include "kigumi/crdt/path.hpp"
#include "replicator_events.hpp"

namespace kigumi::fuzz {
namespace {

/// Rows that structured messages do not touch; only claims to have seen them can take them away.
constexpr std::string_view kOwnKey = "own";
constexpr std::size_t kPeers = 3;

ReplicaId peer(std::uint8_t number) {
    ReplicaId::Bytes bytes{};
    bytes.fill(static_cast<std::uint8_t>(0x11 * number));
    return ReplicaId(bytes);
}

}  // namespace

ReplicatorOptions ReplicatorWorld::limits(bool small) {
    ReplicatorOptions options;
    if (!small) return options;
    options.pull_credit_bytes = 2048;
    options.batch_bytes = 256;
    options.part_bytes = 100;
    options.push_max_bytes = 512;
    options.push_credit_bytes = 1024;
    options.held_max_bytes = 8192;
    options.staged_max_bytes = 512;
    options.audit_ms = 1'000;
    options.audit_rows = 4;
    options.audit_bytes = 256;
    return options;
}

StoreOptions ReplicatorWorld::store_options() {
    StoreOptions options;
    options.wall_ms = [this] { return 1'700'000'000'000 + now_ms_; };
    options.random = [this](std::span<std::uint8_t> out) {
        for (std::uint8_t& byte : out) byte = static_cast<std::uint8_t>(random_.next());
    };
    return options;
}

ReplicatorWorld::ReplicatorWorld(bool small_limits, Numbers seed)
    : random_(seed),
      options_([&] {
          ReplicatorOptions options = limits(small_limits);
          options.random = [this] { return random_.next(); };
          return options;
      }()),
      env_(std::make_shared<kv::MemoryEnv>()) {
    known_.buckets = {"a", "b", std::string(kDefaultBucket)};
    for (std::uint8_t i = 1; i <= kPeers; ++i) known_.replicas.push_back(peer(i));
    auto store = Store::over(env_, store_options());
    require(store.has_value(), "a store over memory opens");
    store_ = std::move(*store);
    const auto self = store_->replica();
    require(self.has_value(), "a store has an identity");
    known_.replicas.push_back(*self);
    replicator_ = std::make_unique<Replicator>(*store_, options_);
}

void ReplicatorWorld::step(Input& input) {
    happen(input.below(kEvents), input);
    act();
    check();
}

LinkId ReplicatorWorld::link(Input& input) const {
    if (links_.empty()) return 0;
    return *std::next(links_.begin(), input.byte() % static_cast<std::ptrdiff_t>(links_.size()));
}

void ReplicatorWorld::happen(std::uint8_t event, Input& input) {
    MessageBuilder build(input, known_);
    const auto say = [this, &input](auto make) {
        const LinkId from = link(input);
        last_message_ = wire::encode(make());
        receive(from, last_message_);
    };
    switch (event) {
        case kLinkUp:
            if (links_.size() >= 4) break;
            links_.insert(++last_link_);
            replicator_->link_up(last_link_, input.below(2) == 0, "peer", now_ms_);
            break;
        case kLinkDown: {
            const LinkId gone = link(input);
            replicator_->link_down(gone);
            links_.erase(gone);
            break;
        }
        case kRawMessage: {
            const LinkId from = link(input);
            receive(from, std::string(input.take(input.number(2))));
            break;
        }
        case kHello:
            return say([&] { return build.hello(); });
        case kDigest:
            return say([&] { return build.digest(); });
        case kPush:
            return say([&] { return build.push(); });
        case kPull:
            return say([&] { return build.pull(); });
        case kChunk:
            return say([&] { return build.chunk(); });
        case kCredit:
            return say([&] { return build.credit(); });
        case kDone:
            return say([&] { return build.done(); });
        case kCancel:
            return say([&] { return build.cancel(); });
        case kPrune:
            return say([&] { return build.prune(); });
        case kHearsay:
            return say([&] { return build.hearsay(); });
        case kAudit:
            return say([&] { return build.audit(); });
        case kAuditAnswer:
            return say([&] { return build.audit_answer(); });
        case kAuditRows:
            return say([&] { return build.audit_rows(); });
        case kHeads:
            return say([&] { return build.heads(); });
        case kWhoOrBye:
            return say([&] {
                return input.below(2) == 0 ? wire::Message(wire::Who{})
                                           : wire::Message(wire::Bye{});
            });
        case kTick:
            // 0 to 8 seconds; small steps are the likely ones.
            now_ms_ += std::uint64_t{1} << input.below(14);
            replicator_->tick(now_ms_);
            break;
        case kFlush:
            replicator_->flush(now_ms_);
            break;
        case kLocalCommit:
            local_commit(input);
            break;
        case kDamagedMessage:
            if (last_message_.empty()) break;
            last_message_[input.number(2) % last_message_.size()] = static_cast<char>(input.byte());
            receive(link(input), last_message_);
            break;
        case kCommitFails:
            env_->fail_commits(1);
            break;
        default:
            break;
    }
}

void ReplicatorWorld::receive(LinkId link, const std::string& bytes) {
    received_bytes_ += bytes.size();
    if (const auto message = wire::decode(bytes)) {
        note_claims(*message);
        note_answer(*message);
    }
    replicator_->receive(link, bytes, now_ms_);
}

void ReplicatorWorld::local_commit(Input& input) {
    const std::string& bucket = known_.buckets[input.byte() % known_.buckets.size()];
    auto txn = store_->write(bucket);
    require(txn.has_value(), "a local transaction begins");
    OwnWrite own{bucket, {std::string(kOwnKey), Type::kSet, {}}, {}};
    path::append(own.at.path, Value(own_members_++));
    bool written = txn->set(own.at.key).add(Value(own_members_ - 1)).has_value();
    const std::string key = "k" + std::to_string(input.below(3));
    switch (input.below(6)) {
        case 0:
            written = written && txn->reg(key).assign(Value(input.byte()));
            break;
        case 1:
            written = written && txn->set(key).add(Value(input.below(4)));
            break;
        case 2:
            // What peers counted may leave no room.
            (void)txn->counter(key).add(input.byte() - 128).has_value();
            break;
        case 3:
            written = written && txn->counter(key).reset();
            break;
        case 4:
            written = written && txn->erase(key, Type::kMap);
            break;
        default:
            written = written && txn->erase(key, Type::kSet);
            break;
    }
    require(written, "a local write is taken");
    const auto row = txn->get(own.at);
    require(row && row->size() == 1, "a transaction reads its own write");
    own.dot = row->begin()->dot;
    const Dot last{txn->self(), txn->version()[txn->self()]};
    // It may have been made to fail.
    if (!txn->commit()) return;
    made_[bucket].raise(last.origin, last.counter);
    own_writes_.push_back(std::move(own));
    replicator_->local_commit();
}

void ReplicatorWorld::act() {
    const Effects effects = replicator_->take_effects();
    std::size_t chunk_bytes = 0;
    std::size_t audit_bytes = 0;
    for (const Effects::Send& send : effects.sends) {
        note_sent(send);
        const auto message = wire::decode(send.message);
        const auto* chunk = std::get_if<wire::Chunk>(&*message);
        if (chunk != nullptr) chunk_bytes += chunk->part.size();
        if (const auto* answer = std::get_if<wire::AuditAnswer>(&*message))
            audit_bytes += answer->batch.size();
    }
    // One event lets at most one answer go on, by its credit and the batch that overdraws it. The
    // largest row holds what was received or written here, in a form that may be somewhat longer.
    require(chunk_bytes <= options_.pull_credit_bytes + options_.batch_bytes + 4 * received_bytes_ +
                               256 * own_members_,
            "what is sent at once is bounded by credit");
    require(audit_bytes <= 2 * options_.audit_bytes + 4 * received_bytes_ + 256 * own_members_,
            "an audit is answered with a bounded number of rows");
    for (const Effects::Close& close : effects.closes) {
        replicator_->link_down(close.link);
        links_.erase(close.link);
    }
}

void ReplicatorWorld::note_sent(const Effects::Send& send) {
    require(send.link <= last_link_, "messages go to links that exist");
    const auto message = wire::decode(send.message);
    require(message.has_value(), "what is sent can be decoded, and is not too large");
    if (const auto* pull = std::get_if<wire::Pull>(&*message)) {
        known_.answers[pull->bucket] = {pull->session, 0, {}};
        partial_[pull->bucket] = 0;
    }
    if (const auto* audit = std::get_if<wire::Audit>(&*message)) known_.question = *audit;
}

void ReplicatorWorld::note_claims(const wire::Message& message) {
    if (const auto* push = std::get_if<wire::Push>(&message)) {
        claimed_.merge(push->version);
    } else if (const auto* done = std::get_if<wire::Done>(&message)) {
        claimed_.merge(done->version);
    }
}

void ReplicatorWorld::note_answer(const wire::Message& message) {
    const auto* chunk = std::get_if<wire::Chunk>(&message);
    if (chunk == nullptr) return;
    for (const auto& [bucket, answer] : known_.answers) {
        if (answer.session != chunk->session) continue;
        std::size_t& partial = partial_[bucket];
        partial = chunk->cursor ? 0 : partial + chunk->part.size();
    }
}

void ReplicatorWorld::check() {
    const auto self = store_->replica();
    require(self.has_value(), "a store has an identity");
    // Nobody here can sign a head of this node.
    require(*self == known_.replicas.back(), "no message renews an identity");
    std::size_t bound = options_.held_max_bytes;
    for (const std::string& bucket : known_.buckets) {
        const auto snapshot = store_->read(bucket);
        require(snapshot.has_value(), "a bucket can be read");
        VersionVector& before = known_.versions[bucket];
        require(snapshot->version().covers(before), "a version never goes back");
        require(snapshot->version()[*self] == made_[bucket][*self],
                "only local writes make events of this replica");
        before = snapshot->version();
        bound += options_.staged_max_bytes + partial_[bucket];
    }
    require(replicator_->buffered_bytes() <= bound, "what is kept for peers is bounded");
    require(replicator_->next_wakeup() != ~std::uint64_t{0}, "there is always a next round");
}

void ReplicatorWorld::finish() {
    for (const std::string& bucket : known_.buckets) {
        auto snapshot = store_->read(bucket);
        require(snapshot.has_value(), "a bucket can be read");
        require(snapshot->check_log().has_value(), "the log holds each write once");
        require(store_->peers(bucket).has_value(), "what is known of peers can be read");
    }
    for (const OwnWrite& own : own_writes_) {
        if (claimed_.covers(own.dot)) continue;
        auto snapshot = store_->read(own.bucket);
        const auto row = snapshot->get(own.at);
        require(row && row->find(own.dot) != nullptr,
                "an acknowledged write stays until somebody claims to have seen it");
    }
}

}  // namespace kigumi::fuzz
