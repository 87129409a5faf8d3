#include "allow_list.hpp"

#include <algorithm>

namespace kigumi {
namespace {

tl::unexpected<Error> wrong(std::string_view rights, const std::string& why) {
    return fail(ErrorCode::kInvalidArgument,
                "\"" + std::string(rights) + "\" says no rights: " + why +
                    "; write for example read+write, or orders:read+write+relay,logs:read");
}

/// `gossip`: set if the words include it; null where it has no place.
Result<Rights> parse_words(std::string_view words, bool* gossip) {
    if (words == "all") {
        if (gossip != nullptr) *gossip = true;
        return Rights();
    }
    if (words == "none") return Rights::none();
    Rights rights = Rights::none();
    for (std::string_view left = words;;) {
        const auto plus = left.find('+');
        const std::string_view word = left.substr(0, plus);
        if (word == "gossip" && gossip == nullptr)
            return wrong(words, "gossip is about nodes, so it belongs to no bucket");
        bool* const right = word == "read"     ? &rights.read
                            : word == "write"  ? &rights.write
                            : word == "relay"  ? &rights.relay
                            : word == "gossip" ? gossip
                                               : nullptr;
        if (right == nullptr)
            return wrong(words, "there is no right \"" + std::string(word) +
                                    "\", only read, write, relay, gossip, all and none");
        *right = true;
        if (plus == left.npos) break;
        left.remove_prefix(plus + 1);
    }
    if (rights.relay && !rights.write) return wrong(words, "to relay takes the right to write");
    return rights;
}

Result<void> parse_rights(std::string_view text, AllowedPeer& peer) {
    peer.others = Rights::none();
    peer.gossip = false;
    bool for_others = false;
    for (std::string_view left = text;;) {
        const auto comma = left.find(',');
        const std::string_view part = left.substr(0, comma);
        const auto colon = part.rfind(':');
        const bool named = colon != part.npos;
        KIGUMI_TRY(const Rights rights, parse_words(named ? part.substr(colon + 1) : part,
                                                    named ? nullptr : &peer.gossip));
        if (named && !peer.buckets.emplace(part.substr(0, colon), rights).second)
            return wrong(text, "a bucket is named twice");
        if (!named && std::exchange(for_others, true))
            return wrong(text, "two parts name no bucket");
        if (!named) peer.others = rights;
        if (comma == left.npos) break;
        left.remove_prefix(comma + 1);
    }
    // It may bring everybody's events, so that there is nothing to keep from it here.
    if (peer.others.relay && std::all_of(peer.buckets.begin(), peer.buckets.end(),
                                         [](const auto& entry) { return entry.second.relay; }))
        peer.gossip = true;
    return {};
}

}  // namespace

Rights AllowedPeer::in(std::string_view bucket) const {
    const auto named = buckets.find(bucket);
    return named == buckets.end() ? others : named->second;
}

Result<AllowedPeer> parse_allowed(std::string_view text) {
    AllowedPeer peer;
    for (std::string_view left = text;;) {
        // By length: Z85 has characters that mean something elsewhere.
        KIGUMI_TRY(PublicKey key, PublicKey::parse(left.substr(0, PublicKey::kText)));
        peer.keys.push_back(std::move(key));
        left.remove_prefix(PublicKey::kText);
        if (left.empty()) return peer;
        const char next = left.front();
        left.remove_prefix(1);
        if (next == ',') continue;
        if (next != '=')
            return fail(ErrorCode::kInvalidArgument,
                        "\"" + std::string(text) +
                            "\" goes on after its key; write KEY, KEY=RIGHTS or KEY,KEY=RIGHTS");
        KIGUMI_CHECK(parse_rights(left, peer));
        return peer;
    }
}

Result<std::set<PublicKey>> AllowList::replace(const std::vector<std::string>& entries) {
    std::vector<AllowedPeer> peers;
    std::map<PublicKey, std::size_t> index;
    for (const std::string& entry : entries) {
        KIGUMI_TRY(AllowedPeer peer, parse_allowed(entry));
        for (const PublicKey& key : peer.keys)
            if (!index.emplace(key, peers.size()).second)
                return fail(ErrorCode::kInvalidArgument,
                            "the key " + key.text() + " is listed twice; list it once");
        peers.push_back(std::move(peer));
    }
    const std::lock_guard lock(mutex_);
    std::set<PublicKey> affected;
    for (const auto& [key, at] : index_) {
        const auto now = index.find(key);
        if (now == index.end() || !(peers[now->second] == peers_[at])) affected.insert(key);
    }
    peers_ = std::move(peers);
    index_ = std::move(index);
    return affected;
}

const AllowedPeer* AllowList::find(const PublicKey& key) const {
    const auto it = index_.find(key);
    return it == index_.end() ? nullptr : &peers_[it->second];
}

bool AllowList::allows(const PublicKey& key) const {
    const std::lock_guard lock(mutex_);
    return find(key) != nullptr || visitor_ == key;
}

std::vector<PublicKey> AllowList::keys() const {
    const std::lock_guard lock(mutex_);
    std::vector<PublicKey> keys;
    for (const AllowedPeer& peer : peers_)
        keys.insert(keys.end(), peer.keys.begin(), peer.keys.end());
    return keys;
}

Rights AllowList::rights(const PublicKey& key, std::string_view bucket) const {
    const std::lock_guard lock(mutex_);
    const AllowedPeer* const peer = find(key);
    return peer == nullptr ? Rights::none() : peer->in(bucket);
}

bool AllowList::same_peer(const PublicKey& one, const PublicKey& other) const {
    const std::lock_guard lock(mutex_);
    const AllowedPeer* const peer = find(one);
    return peer != nullptr && peer == find(other);
}

bool AllowList::may_gossip(const PublicKey& key) const {
    const std::lock_guard lock(mutex_);
    const AllowedPeer* const peer = find(key);
    return peer != nullptr && peer->gossip;
}

std::optional<PublicKey> AllowList::first_key(const PublicKey& key) const {
    const std::lock_guard lock(mutex_);
    const AllowedPeer* const peer = find(key);
    return peer == nullptr ? std::nullopt : std::optional(peer->keys.front());
}

void AllowList::let_in(std::optional<PublicKey> visitor) {
    const std::lock_guard lock(mutex_);
    visitor_ = std::move(visitor);
}

}  // namespace kigumi
