#include "replication/store_group.hpp"

namespace kigumi {
namespace {

constexpr std::size_t kAll = ~std::size_t{0};

/// Takes over as a large pull does: staged, laid over, and left to be folded in.
void lay_over(Store& into, Store& from, bool everything) {
    // One at a time.
    while (!into.fold(kDefaultBucket, kAll, kAll).value()) continue;
    auto source = from.read().value();
    auto target = into.write().value();
    // What is not folded there is in no log.
    const bool all = everything || !source.indexed(target.version(), source.version());
    Hlc latest;
    const auto stage = [&](const KeyedRow& keyed) {
        for (const Write& write : keyed.row) latest = std::max(latest, write.time);
        target.stage(keyed).value();
        return true;
    };
    if (all) {
        source.scan({}, [&](const RowKey& at, const Row& row) { return stage({at, row}); }).value();
    } else {
        for (const auto& [origin, counter] : source.version())
            source
                .scan_log(origin, target.version()[origin], counter,
                          [&](std::uint64_t, const KeyedRow& keyed) { return stage(keyed); })
                .value();
    }
    target.lay_over(source.version(), source.floor(), all, latest).value();
    target.commit().value();
}

/// By turns as a large pull and as a small one, on top of what is not folded yet.
class ByTurns {
  public:
    void operator()(Store& into, Store& from, bool everything) const {
        const bool indexed = from.read()->indexed(into.read()->version(), from.read()->version());
        if (++*turns_ % 3 == 0 && (everything || indexed)) {
            StoreGroup::pull(into, from, everything);
        } else {
            lay_over(into, from, everything);
        }
    }

  private:
    std::shared_ptr<unsigned> turns_ = std::make_shared<unsigned>(0);
};

RC_GTEST_PROP(FoldingLaws, WhatIsFoldedInBehindReadsAsIfItHadBeenJoined, ()) {
    const Steps steps = *rc::gen::resize(40, any_steps());
    const auto paces = *rc::gen::container<std::vector<std::size_t>>(
        steps.size(), rc::gen::inRange<std::size_t>(0, 4));
    StoreGroup pulling;
    StoreGroup folding{ByTurns()};
    for (std::size_t i = 0; i < steps.size(); ++i) {
        pulling.run(steps[i]);
        folding.run(steps[i]);
        Store& store = folding[steps[i].at];
        RC_ASSERT(folding.shown(steps[i].at) == pulling.shown(steps[i].at));
        RC_ASSERT(store.read()->version() == pulling[steps[i].at].read()->version());
        if (paces[i] == 0) continue;
        static_cast<void>(store.fold(kDefaultBucket, paces[i], kAll).value());
        RC_ASSERT(folding.shown(steps[i].at) == pulling.shown(steps[i].at));
    }
    for (unsigned at = 0; at < kReplicas; ++at) {
        while (!folding[at].fold(kDefaultBucket, 1, kAll).value()) continue;
        RC_ASSERT(folding.shown(at) == pulling.shown(at));
        RC_ASSERT(folding[at].read()->count_rows().value() ==
                  pulling[at].read()->count_rows().value());
    }
}

}  // namespace
}  // namespace kigumi
