#include "replicator_core.hpp"

/// What a large pull brought is folded into the rows, a few at a time.
namespace kigumi {

void Replicator::Core::fold_all(std::uint64_t now_ms) {
    for (auto it = folding_.begin(); it != folding_.end();) {
        const std::string name = *it;
        Bucket& bucket = buckets_.at(name);
        it = bucket.folding ? std::next(it) : folding_.erase(it);
        if (!bucket.folding || bucket.fold_at_ms > now_ms) continue;
        const auto begun = std::chrono::steady_clock::now();
        const auto done = store_.fold(name, bucket.fold_pace.rows(options_), options_.fold_bytes);
        bucket.fold_pace.took(options_, std::chrono::steady_clock::now() - begun);
        bucket.fold_at_ms = now_ms + options_.fold_pause_ms;
        if (!done) {
            bucket.fold_at_ms = now_ms + options_.backoff_max_ms;
            note(Level::kWarning, "fold.failed",
                 "bucket=" + name + " reason=\"" + done.error().message + '"');
            continue;
        }
        if (!*done) continue;
        bucket.folding = false;
        folding_.erase(name);
        note(Level::kDebug, "fold.done", "bucket=" + name);
        pull_server_.go_on(name, effects);
    }
}

}  // namespace kigumi
