#include "hostile/peer.hpp"

namespace kigumi::hostile {

Peer::Peer(const std::filesystem::path& key_file, Right right, std::uint64_t seed)
    : key_(KeyPair::load(key_file).value()), right_(right), random_(seed), server_(context_, key_) {
    for (int i = 0; i < 3; ++i) selves_.push_back(fresh_id());
}

ReplicaId Peer::fresh_id() {
    ReplicaId::Bytes bytes{};
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random_.next());
    return *ids_.insert(ReplicaId(bytes)).first;
}

std::string Peer::bucket() {
    if (right_ == Right::kRelay && random_.chance(70)) return kOwn;
    return random_.chance(80) ? kPlain : kSigned;
}

std::unique_ptr<Link> Peer::dial(const Target& target, bool reconnect) {
    return std::make_unique<Link>(context_, target.address, key_, target.key, reconnect);
}

std::unique_ptr<Channel> Peer::greet(const Target& target, const ReplicaId& as) {
    if (random_.chance(30))
        if (auto session = server_.accept(target.replica, as, Millis(100))) return session;
    auto link = dial(target);
    link->Channel::send(wire::Hello{wire::kProtocolVersion, as, false});
    link->await<wire::Hello>(Millis(1'000));
    return link;
}

}  // namespace kigumi::hostile
