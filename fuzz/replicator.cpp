#include "replicator_world.hpp"

/// The protocol's state machine, driven by bytes: events one after the other, of which messages
/// are either raw or well-formed (`replicator_events.hpp`). The first byte chooses the limits.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace kigumi::fuzz;
    constexpr int kMaxSteps = 300;
    const std::string_view bytes = as_text(data, size);
    Input input(bytes);
    const bool small_limits = input.below(4) != 0;
    ReplicatorWorld world(small_limits, Numbers(bytes));
    for (int left = kMaxSteps; left > 0 && !input.empty(); --left) world.step(input);
    world.finish();
    return 0;
}
