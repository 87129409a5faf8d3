#include "handles.hpp"
#include "kigumi/replication/commit_watch.hpp"

using namespace kigumi;

using Clock = std::chrono::steady_clock;

struct kigumi_watch {
    kigumi_watch(kigumi_store& store, std::string_view name, CommitWatch wake)
        : store(store), bucket(name), commits(std::move(wake)) {}

    c::Mark mark = c::Mark::kWatch;
    c::StoreUse store;
    std::string bucket;
    CommitWatch commits;
    VersionVector seen;

    /// Quiets the descriptor; returns whether the bucket has moved on.
    Result<bool> take() {
        commits.take();
        KIGUMI_TRY(const auto now, store->read(bucket));
        if (now.version() == seen) return false;
        seen = now.version();
        return true;
    }

    /// The same after waiting for it; a negative time waits without end.
    Result<bool> take_within(std::int64_t timeout_ms) {
        const auto begun = Clock::now();
        for (;;) {
            KIGUMI_TRY(const bool changed, take());
            if (changed) return true;
            const auto spent =
                std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begun);
            const std::int64_t left = timeout_ms - spent.count();
            if (timeout_ms >= 0 && left <= 0) return false;
            commits.wait(timeout_ms < 0 ? timeout_ms : left);
        }
    }
};

template <>
struct kigumi::c::Kind<kigumi_watch> {
    static constexpr Mark kMark = Mark::kWatch;
    static constexpr const char* kName = "watch";
};

kigumi_status kigumi_watch_open(kigumi_store* store, const char* bucket, kigumi_watch** watch) {
    return c::guard([&]() -> Result<void> {
        KIGUMI_CHECK(c::check(store));
        KIGUMI_CHECK(c::require(watch, "watch"));
        KIGUMI_TRY(auto wake, CommitWatch::open(*store->store));
        auto opened = std::make_unique<kigumi_watch>(*store, c::bucket_of(bucket), std::move(wake));
        KIGUMI_CHECK(opened->take());
        *watch = opened.release();
        return {};
    });
}

int kigumi_watch_fd(const kigumi_watch* watch) {
    return watch == nullptr ? -1 : watch->commits.descriptor();
}

kigumi_status kigumi_watch_take(kigumi_watch* watch, bool* changed) {
    return c::guard([&]() -> Result<void> {
        KIGUMI_CHECK(c::check(watch));
        KIGUMI_CHECK(c::require(changed, "changed"));
        KIGUMI_TRY(*changed, watch->take());
        return {};
    });
}

kigumi_status kigumi_watch_wait(kigumi_watch* watch, int64_t timeout_ms, bool* changed) {
    return c::guard([&]() -> Result<void> {
        KIGUMI_CHECK(c::check(watch));
        KIGUMI_CHECK(c::require(changed, "changed"));
        KIGUMI_TRY(*changed, watch->take_within(timeout_ms));
        return {};
    });
}

void kigumi_watch_close(kigumi_watch* watch) { c::destroy(watch); }
