#include "bundle/import.hpp"
#include "replication/store_group.hpp"
#include "support/temp_directory.hpp"

namespace kigumi {
namespace {

/// Takes over by way of a file: a full bundle, or what was written since the receiver's version.
class ByBundle {
  public:
    explicit ByBundle(bundle::ImportSteps steps = {}) : steps_(steps) {}
    void operator()(Store& into, Store& from, bool everything) const {
        const auto file = directory_->path() / "bundle";
        bundle::WriteOptions options;
        if (!everything) {
            VersionVector base = into.read().value().version();
            base.meet(from.read().value().version());
            // A store that large steps have come to may have to write more than it was asked for.
            options.since = bundle::reachable(from, {{std::string(kDefaultBucket), base}}).value();
        }
        bundle::write(from, file, options).value();
        bundle::import_in(steps_, into, {file}, {}).value();
    }

  private:
    const bundle::ImportSteps steps_;
    std::shared_ptr<TempDirectory> directory_ = std::make_shared<TempDirectory>();
};

void expect_like_pulling(const ByBundle& by_bundle) {
    const Steps steps = *rc::gen::resize(30, any_steps());
    StoreGroup pulling;
    StoreGroup bundled{by_bundle};
    for (const Step& step : steps) {
        pulling.run(step);
        bundled.run(step);
        RC_ASSERT(bundled.shown(step.at) == pulling.shown(step.at));
        RC_ASSERT(bundled[step.at].read().value().version() ==
                  pulling[step.at].read().value().version());
    }
}

RC_GTEST_PROP(BundleLaws, JoiningABundleIsPulling, ()) { expect_like_pulling(ByBundle()); }

RC_GTEST_PROP(BundleLaws, InStepsAsWell, ()) { expect_like_pulling(ByBundle({0, 0, 2, 1'000})); }

RC_GTEST_PROP(BundleLaws, ARestoredReplicaIsTheOneThatWasWritten, ()) {
    const Steps steps = *rc::gen::resize(30, any_steps());
    StoreGroup group;
    const TempDirectory directory;
    const auto full = directory.path() / "full";
    const auto since = directory.path() / "since";
    for (std::size_t i = 0; i < steps.size(); ++i) {
        group.run(steps[i]);
        if (i == steps.size() / 2) bundle::write(group[0], full).value();
    }
    if (!std::filesystem::exists(full)) bundle::write(group[0], full).value();
    bundle::WriteOptions options;
    for (const auto& cut : bundle::inspect(full).value().cuts)
        options.since.emplace(cut.bucket, cut.version);
    bundle::write(group[0], since, options).value();
    bundle::restore({full, since}, directory.path() / "restored").value();
    const auto restored = Store::open(directory.path() / "restored").value();
    auto theirs = group[0].read().value();
    auto ours = restored->read().value();
    ours.check_log().value();
    RC_ASSERT(ours.version() == theirs.version());
    RC_ASSERT(ours.floor() == theirs.floor());
    std::vector<KeyedRow> written;
    std::vector<KeyedRow> read;
    theirs
        .scan({},
              [&](const RowKey& at, const Row& row) {
                  return written.push_back({at, row}), true;
              })
        .value();
    ours.scan({},
              [&](const RowKey& at, const Row& row) {
                  return read.push_back({at, row}), true;
              })
        .value();
    RC_ASSERT(read == written);
    RC_ASSERT(restored->replica().value() != group[0].replica().value());
}

}  // namespace
}  // namespace kigumi
