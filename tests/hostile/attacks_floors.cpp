#include "hostile/attack.hpp"
#include "hostile/forge.hpp"

/// Floors above what anybody has, and versions from the victim's future.
namespace kigumi::hostile {
namespace {

void done_with_a_floor(Peer& peer, bool of_everybody) {
    const Target& target = peer.target();
    const ReplicaId self = peer.self();
    const std::string bucket = peer.bucket();
    const auto channel = peer.greet(target, self);
    for (int i = 0; i < 3 && peer.going_on(); ++i) {
        const auto pull = lure(*channel, target, bucket, self);
        if (!pull) continue;
        wire::Done done{pull->session, 1, 0, raised(pull->base, self), {}, false};
        if (of_everybody) {
            done.floor = huge(done.version);
        } else {
            done.floor.raise(target.replica, kHuge);
        }
        channel->send(done);
        channel->receive(Millis(50));
    }
}

void done_floor_of_all(Peer& peer) { done_with_a_floor(peer, true); }
void done_floor_of_victim(Peer& peer) { done_with_a_floor(peer, false); }

void push_floor(Peer& peer) {
    const Target& target = peer.target();
    const ReplicaId self = peer.self();
    const std::string bucket = peer.bucket();
    const auto channel = peer.greet(target, self);
    for (int i = 0; i < 50 && peer.going_on(); ++i) {
        wire::Push push = own_push(target, bucket, self);
        push.floor = i % 2 == 0 ? push.base : huge(push.base);
        push.batch = encode_batch(
            {row_of("hostile", Type::kRegister, {self, push.version[self]}, Value("floor"))});
        channel->send(push);
        wire::PushChange change;
        change.bucket = bucket;
        change.from = {{self, push.base[self]}};
        for (const auto& entry : push.version) change.version.entries.push_back(entry);
        for (const auto& entry : push.floor) change.floor.entries.push_back(entry);
        change.batch = push.batch;
        channel->send(change);
        channel->receive(Millis(20));
    }
}

void audit_floor(Peer& peer) {
    const Target& target = peer.target();
    const ReplicaId self = peer.self();
    const std::string bucket = peer.bucket();
    const auto channel = peer.greet(target, self);
    const std::string empty = encode_batch({});
    for (int i = 0; i < 20 && peer.going_on(); ++i) {
        const VersionVector version = target.version(bucket);
        wire::AuditAnswer answer;
        // A node asks who has greeted it; other questions are guessed.
        const auto question = channel->await<wire::Audit>(Millis(100));
        answer.session = question ? question->session : peer.random().below(4);
        answer.version = huge(version);
        answer.floor = i % 2 == 0 ? version : huge(version);
        answer.batch = empty;
        answer.damaged = {std::string(8, 'x')};
        channel->send(answer);
        channel->send(wire::AuditRows{bucket, huge(version), huge(version), empty});
    }
}

/// Claims to have seen more of the victim than it has written, in all ways.
void future(Peer& peer) {
    const Target& target = peer.target();
    for (int i = 0; i < 20 && peer.going_on(); ++i) {
        const ReplicaId self = i % 4 == 0 ? peer.fresh_id() : peer.self();
        const std::string bucket = peer.bucket();
        const auto channel = peer.greet(target, self);
        VersionVector far = raised(target.version(bucket), target.replica, 1'000'000);
        channel->send(wire::Digest{{{bucket, far}}});
        channel->send(wire::Hearsay{bucket, {{self, far}, {target.replica, far}}});
        wire::Push push = own_push(target, bucket, self);
        push.base = far;
        push.version = raised(far, self);
        push.batch = encode_batch(
            {row_of("hostile", Type::kRegister, {self, push.version[self]}, Value("future"))});
        channel->send(push);
        wire::DigestChange change;
        change.versions.push_back({bucket, {0, {{target.replica, kHuge}}}, true, 0});
        channel->send(change);
        if (const auto pull = channel->await<wire::Pull>(Millis(60))) {
            far.merge(pull->base);
            channel->send(wire::Done{pull->session, 1, 0, far, {}, false});
        }
    }
    for (const Target& honest : peer.targets())
        if (honest.store->replica().value() != honest.replica)
            return peer.found("a claim has renewed the identity of a node");
}

}  // namespace

std::vector<Attack> floor_attacks() {
    return {{"floor-done-all", Right::kWrite, done_floor_of_all},
            {"floor-done-victim", Right::kWrite, done_floor_of_victim},
            {"floor-push", Right::kWrite, push_floor},
            {"floor-audit", Right::kRead, audit_floor},
            {"future-claims", Right::kNone, future}};
}

}  // namespace kigumi::hostile
