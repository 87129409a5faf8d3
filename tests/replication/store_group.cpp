#include "replication/store_group.hpp"

#include "schema.hpp"

namespace kigumi {

StoreGroup::StoreGroup(Transfer transfer) : transfer_(std::move(transfer)) {
    for (unsigned i = 0; i < kReplicas; ++i) {
        StoreOptions options;
        options.wall_ms = [this, i] { return wall_ms_[i]; };
        const auto env = std::make_shared<kv::MemoryEnv>();
        {
            // The ids that the replicas in memory have.
            const auto txn = env->begin_write().value();
            schema::put_identity(*txn, replica(i + 1), {}, nullptr).value();
            txn->commit().value();
        }
        stores_.push_back(Store::over(env, options).value());
    }
}

void StoreGroup::run(const Step& step) {
    wall_ms_[step.at] = step.wall_ms;
    if (step.kind == Step::Kind::kWrite) {
        auto txn = stores_[step.at]->write().value();
        workloads::Everything::apply(txn, step.op);
        txn.commit().value();
    } else if (step.at != step.from) {
        transfer_(*stores_[step.at], *stores_[step.from], step.kind == Step::Kind::kJoin);
    }
}

void StoreGroup::pull(Store& into, Store& from, bool everything) {
    auto source = from.read().value();
    auto target = into.write().value();
    std::map<RowKey, KeyedRow> rows;
    if (everything) {
        const auto take = [&rows](const RowKey& at, const Row& row) {
            return rows.insert_or_assign(at, KeyedRow{at, row}), true;
        };
        source.scan({}, take).value();
    } else {
        for (const auto& [origin, counter] : source.version())
            source
                .scan_log(origin, target.version()[origin], counter,
                          [&rows](std::uint64_t, const KeyedRow& keyed) {
                              return rows.insert_or_assign(keyed.at, keyed), true;
                          })
                .value();
    }
    for (const auto& [unused, keyed] : rows) target.join_row(keyed, source.version()).value();
    if (everything) {
        const auto sent = [&rows](const RowKey& at) { return Result<bool>(rows.contains(at)); };
        target.drop_unsent(source.version(), sent).value();
    }
    target.advance(source.version(), source.floor());
    target.commit().value();
}

Shown StoreGroup::shown(unsigned at) {
    auto txn = stores_[at]->read().value();
    txn.check_log().value();
    Shown all;
    txn.scan({},
             [&all](const RowKey& key, const Row& row) {
                 for (const Write& write : row) all[key].emplace(write.dot, write.payload);
                 return true;
             })
        .value();
    return all;
}

}  // namespace kigumi
