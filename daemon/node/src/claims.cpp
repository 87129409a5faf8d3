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

/// What the holder of one key may do.
class ListedPeer : public PeerPolicy {
  public:
    ListedPeer(const AllowList& allowed, Claims& claims, PublicKey key)
        : allowed_(allowed),
          claims_(claims),
          key_(std::move(key)),
          peer_(allowed.peer_of(key_).text()) {}

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

Result<void> Claims::save() const {
    if (file_.empty()) return {};
    std::string text = std::string(kHeading) + '\n';
    for (const auto& [replica, keys] : keys_) {
        text += replica.hex();
        for (const PublicKey& key : keys) text += ' ' + key.text();
        text += '\n';
    }
    return files::replace_file(file_, text, files::kOwnerOnly);
}

Result<void> Claims::claim(const PublicKey& key, const ReplicaId& replica) {
    if (!allowed_.allows(key))
        return fail(ErrorCode::kInvalidArgument, "the key " + key.text() + " is not listed");
    std::vector<PublicKey> owners;
    if (const auto it = keys_.find(replica); it != keys_.end()) owners = it->second;
    if (std::find(owners.begin(), owners.end(), key) != owners.end()) return {};
    // Who was taken off the list has no say any more.
    std::erase_if(owners, [this](const PublicKey& owner) { return !allowed_.allows(owner); });
    for (const PublicKey& owner : owners)
        if (!allowed_.same_peer(owner, key))
            return fail(ErrorCode::kInvalidArgument,
                        "the holder of key " + key.text() + " says to be replica " + replica.hex() +
                            ", which belongs to key " + owner.text() +
                            "; if that peer has changed its key, list both as KEY,KEY");
    const auto had = std::count_if(keys_.begin(), keys_.end(), [&](const auto& entry) {
        return std::find(entry.second.begin(), entry.second.end(), key) != entry.second.end();
    });
    if (had >= kMaxReplicas)
        return fail(ErrorCode::kFull, "the holder of key " + key.text() + " has been " +
                                          std::to_string(had) + " replicas, which is the limit");
    owners.push_back(key);
    keys_[replica] = std::move(owners);
    return save();
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

}  // namespace kigumi
