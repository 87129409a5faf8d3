#pragma once

#include <boost/container/flat_map.hpp>
#include <memory>
#include <mutex>
#include <vector>

#include "codec.hpp"
#include "kigumi/replication/kv.hpp"

namespace kigumi {

/// The replicas that an environment has heard of, numbered from 0 in the order they came. Numbers
/// are local to the environment, never change and never go away.
class OriginTable : public codec::OriginNames {
  public:
    const ReplicaId* name_of(std::uint64_t number) const override {
        return number < names_.size() ? &names_[number] : nullptr;
    }
    std::optional<std::uint32_t> find(const ReplicaId& origin) const;
    std::uint32_t add(const ReplicaId& origin);
    std::uint32_t size() const { return static_cast<std::uint32_t>(names_.size()); }

    /// Reads what the stored table holds beyond this one.
    Result<void> catch_up(kv::ReadTxn& txn);

  private:
    std::vector<ReplicaId> names_;
    boost::container::flat_map<ReplicaId, std::uint32_t> numbers_;
};

/// Keeps the last committed table, so that a transaction rarely has to read it again.
class OriginCache {
  public:
    /// The table as the transaction sees it. `committed`: the transaction sees only committed
    /// state, so that the result may be kept for others.
    Result<std::shared_ptr<const OriginTable>> load(kv::ReadTxn& txn, bool committed);

  private:
    std::mutex mutex_;
    std::shared_ptr<const OriginTable> last_ = std::make_shared<OriginTable>();
};

/// Numbers for a transaction that may meet new replicas; `save` stores those.
class GrowingOrigins : public codec::OriginNumbers, public codec::OriginNames {
  public:
    explicit GrowingOrigins(std::shared_ptr<const OriginTable> known) : known_(std::move(known)) {}

    std::uint64_t number_of(const ReplicaId& origin) override;
    const ReplicaId* name_of(std::uint64_t number) const override {
        return known_->name_of(number);
    }
    Result<void> save(kv::WriteTxn& txn);

  private:
    std::shared_ptr<const OriginTable> known_;
    std::shared_ptr<OriginTable> own_;  ///< `known_`, copied once something is new
    std::uint32_t saved_ = known_->size();
};

}  // namespace kigumi
