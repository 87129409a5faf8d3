#include "claims.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>

#include "kigumi/replication/files.hpp"

namespace kigumi {
namespace {

constexpr std::string_view kHeading = "kigumi-claims 1";
/// Replicas of one key: a bound on what a listed peer can make this node remember.
constexpr std::ptrdiff_t kMaxReplicas = 1'024;
/// After a try to save that has failed.
constexpr std::uint64_t kSavePauseMs = 1'000;

/// What the holder of one key may do.
class ListedPeer : public PeerPolicy {
  public:
    ListedPeer(const AllowList& allowed, Claims& claims, PublicKey key)
        : allowed_(allowed),
          claims_(claims),
          key_(std::move(key)),
          peer_(allowed.first_key(key_).value_or(key_).text()) {}

    std::string_view peer() const override { return peer_; }

    Rights in(std::string_view bucket) const override { return allowed_.rights(key_, bucket); }
    Result<void> claim(const ReplicaId& replica) override { return claims_.claim(key_, replica); }
    bool owns(const ReplicaId& replica) const override { return claims_.owns(key_, replica); }

  private:
    const AllowList& allowed_;
    Claims& claims_;
    const PublicKey key_;
    const std::string peer_;
};

/// What is believed of the holders of keys, which are texts there.
class ListedPeers : public MembershipPolicy {
  public:
    ListedPeers(const AllowList& allowed, Claims& claims) : allowed_(allowed), claims_(claims) {}

    bool is_listed(std::string_view key) const override {
        const auto parsed = PublicKey::parse(key);
        return parsed && allowed_.first_key(*parsed).has_value();
    }
    bool may_gossip(std::string_view key) const override {
        const auto parsed = PublicKey::parse(key);
        return parsed && allowed_.may_gossip(*parsed);
    }
    bool is_same_peer(std::string_view one, std::string_view other) const override {
        if (one == other) return true;
        const auto first = PublicKey::parse(one);
        const auto second = PublicKey::parse(other);
        return first && second && allowed_.same_peer(*first, *second);
    }
    Result<void> claim(std::string_view key, const ReplicaId& replica) override {
        KIGUMI_TRY(const PublicKey parsed, PublicKey::parse(key));
        return claims_.claim(parsed, replica);
    }
    bool may_own(std::string_view key, const ReplicaId& replica) const override {
        const auto parsed = PublicKey::parse(key);
        return parsed && claims_.may_own(*parsed, replica);
    }

  private:
    const AllowList& allowed_;
    Claims& claims_;
};

}  // namespace

Result<void> Claims::load(std::filesystem::path file) {
    file_ = std::move(file);
    std::ifstream in(file_);
    if (!in) return {};
    const auto broken = [this] {
        return fail(ErrorCode::kCorrupt,
                    file_.string() +
                        " cannot be understood; remove it to forget which key has which replica");
    };
    std::string line;
    if (!std::getline(in, line) || line != kHeading) return broken();
    while (std::getline(in, line)) {
        std::istringstream words(line);
        std::string word;
        words >> word;
        const auto replica = ReplicaId::from_hex(word);
        if (!replica) return broken();
        std::vector<PublicKey>& keys = keys_[*replica];
        while (words >> word) {
            auto key = PublicKey::parse(word);
            if (!key) return broken();
            keys.push_back(std::move(*key));
        }
    }
    return {};
}

Result<void> Claims::save(const Keys& keys) {
    if (file_.empty()) return {};
    // A full disk must not be written to for every greeting.
    const std::uint64_t now_ms = now_ms_();
    if (now_ms < save_not_before_ms_) return fail(ErrorCode::kIo, save_error_);
    std::string text = std::string(kHeading) + '\n';
    for (const auto& [replica, owners] : keys) {
        text += replica.hex();
        for (const PublicKey& key : owners) text += ' ' + key.text();
        text += '\n';
    }
    const auto saved = files::replace_file(file_, text, files::kOwnerOnly);
    if (saved) return {};
    save_not_before_ms_ = now_ms + kSavePauseMs;
    save_error_ = "who has which replica cannot be saved, so that no new one is accepted: " +
                  saved.error().message;
    return fail(ErrorCode::kIo, save_error_);
}

const PublicKey* Claims::other_owner(const PublicKey& key, const ReplicaId& replica) const {
    const auto it = keys_.find(replica);
    if (it == keys_.end()) return nullptr;
    // A key that was taken off the list has no say any more.
    const auto other = std::find_if(it->second.begin(), it->second.end(), [&](const auto& owner) {
        return owner != key && allowed_.allows(owner) && !allowed_.same_peer(owner, key);
    });
    return other == it->second.end() ? nullptr : &*other;
}

Result<void> Claims::claim(const PublicKey& key, const ReplicaId& replica) {
    const auto peer = allowed_.first_key(key);
    if (!peer) return fail(ErrorCode::kInvalidArgument, "the key " + key.text() + " is not listed");
    std::vector<PublicKey> owners;
    if (const auto it = keys_.find(replica); it != keys_.end()) owners = it->second;
    if (std::find(owners.begin(), owners.end(), key) != owners.end()) return {};
    if (const PublicKey* const owner = other_owner(key, replica))
        return fail(ErrorCode::kInvalidArgument,
                    "the holder of key " + key.text() + " says to be replica " + replica.hex() +
                        ", which belongs to key " + owner->text() +
                        "; if that peer has changed its key, list both as KEY,KEY");
    std::erase_if(owners, [this](const PublicKey& owner) { return !allowed_.allows(owner); });
    const auto had = std::count_if(keys_.begin(), keys_.end(), [&](const auto& entry) {
        return std::find(entry.second.begin(), entry.second.end(), key) != entry.second.end();
    });
    if (had >= kMaxReplicas)
        return fail(ErrorCode::kFull, "the holder of key " + key.text() + " has been " +
                                          std::to_string(had) + " replicas, which is the limit");
    if (!fresh_.take(*peer, now_ms_()))
        return fail(ErrorCode::kBusy, "the holder of key " + key.text() +
                                          " says to be ever new replicas; one in a minute is "
                                          "accepted");
    // Believed only once it is saved: after a restart another key could claim it otherwise.
    Keys keys = keys_;
    owners.push_back(key);
    keys[replica] = std::move(owners);
    if (auto saved = save(keys); !saved) {
        fresh_.give_back(*peer);
        return saved;
    }
    keys_ = std::move(keys);
    return {};
}

bool Claims::may_own(const PublicKey& key, const ReplicaId& replica) const {
    return other_owner(key, replica) == nullptr;
}

std::string Claims::peer_of(const ReplicaId& replica) const {
    const auto it = keys_.find(replica);
    if (it == keys_.end()) return {};
    for (const PublicKey& key : it->second)
        if (const auto peer = allowed_.first_key(key)) return peer->text();
    return {};
}

bool Claims::owns(const PublicKey& key, const ReplicaId& replica) const {
    const auto it = keys_.find(replica);
    return it != keys_.end() &&
           std::any_of(it->second.begin(), it->second.end(), [&](const PublicKey& owner) {
               return owner == key || allowed_.same_peer(owner, key);
           });
}

bool Claims::reads(const ReplicaId& replica, std::string_view bucket) const {
    const auto it = keys_.find(replica);
    return it == keys_.end() ||
           std::any_of(it->second.begin(), it->second.end(),
                       [&](const PublicKey& key) { return allowed_.rights(key, bucket).read; });
}

std::shared_ptr<PeerPolicy> Claims::policy(const PublicKey& key) {
    return std::make_shared<ListedPeer>(allowed_, *this, key);
}

std::shared_ptr<MembershipPolicy> Claims::membership_policy() {
    return std::make_shared<ListedPeers>(allowed_, *this);
}

}  // namespace kigumi
