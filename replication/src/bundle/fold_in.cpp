#include "fold_in.hpp"

#include <chrono>
#include <thread>

#include "../protocol/fold_pace.hpp"

namespace kigumi::bundle {

Result<void> fold_in(Store& store, const std::string& bucket) {
    const ReplicatorOptions options;
    FoldPace pace;
    for (;;) {
        const auto begun = std::chrono::steady_clock::now();
        KIGUMI_TRY(const bool done, store.fold(bucket, pace.rows(options), options.fold_bytes));
        if (done) return {};
        pace.took(options, std::chrono::steady_clock::now() - begun);
        std::this_thread::sleep_for(std::chrono::milliseconds(options.fold_pause_ms));
    }
}

}  // namespace kigumi::bundle
