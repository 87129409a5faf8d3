#pragma once

#include <xxhash.h>

#include <cstdint>
#include <memory>
#include <string_view>

namespace kigumi::bundle {

/// XXH3 of bytes that pass by.
class RunningHash {
  public:
    RunningHash() { XXH3_64bits_reset(state_.get()); }
    void add(std::string_view bytes) {
        XXH3_64bits_update(state_.get(), bytes.data(), bytes.size());
    }
    std::uint64_t digest() const { return XXH3_64bits_digest(state_.get()); }

  private:
    std::unique_ptr<XXH3_state_t, XXH_errorcode (*)(XXH3_state_t*)> state_{XXH3_createState(),
                                                                           XXH3_freeState};
};

}  // namespace kigumi::bundle
