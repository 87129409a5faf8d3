#include "kigumi/replication/members.hpp"

namespace kigumi::members {
namespace {

constexpr const char* kKey = "members";
constexpr std::string_view kMember = "member";
constexpr std::string_view kRetired = "retired";

}  // namespace

Result<std::map<ReplicaId, Standing>> list(Store& store) {
    KIGUMI_TRY(auto txn, store.read(kBucket));
    std::map<ReplicaId, Standing> found;
    const auto map = txn.map(kKey);
    KIGUMI_TRY(const auto fields, map.fields());
    for (const auto& field : fields) {
        const auto replica = ReplicaId::from_hex(field.name);
        KIGUMI_TRY(const auto word, map.reg(field.name).get());
        if (!replica || !word) continue;
        found.emplace(*replica, *word == Value(kRetired) ? Standing::kRetired : Standing::kMember);
    }
    return found;
}

Result<void> put(Store& store, const ReplicaId& replica, Standing standing) {
    KIGUMI_TRY(auto txn, store.write(kBucket));
    KIGUMI_CHECK(put(txn, replica, standing));
    return txn.commit();
}

Result<void> put(WriteTransaction& txn, const ReplicaId& replica, Standing standing) {
    const std::string_view word = standing == Standing::kRetired ? kRetired : kMember;
    return txn.map(kKey).reg(replica.hex()).assign(Value(word));
}

std::set<ReplicaId> waited_for(const std::map<ReplicaId, Standing>& list,
                               const VersionVector& version, const ReplicaId& self) {
    std::set<ReplicaId> replicas;
    for (const auto& [replica, standing] : list) replicas.insert(replica);
    for (const auto& [origin, counter] : version) replicas.insert(origin);
    for (const auto& [replica, standing] : list)
        if (standing == Standing::kRetired) replicas.erase(replica);
    replicas.erase(self);
    return replicas;
}

}  // namespace kigumi::members
