#include "membership/trials.hpp"

#include <algorithm>

namespace kigumi::sim {

using membership::Liveness;

std::vector<std::uint64_t> detection_times(std::size_t nodes, unsigned loss_percent,
                                           std::uint64_t trials) {
    constexpr std::uint64_t kLimitMs = 60'000;
    std::vector<std::uint64_t> times;
    for (std::uint64_t seed = 1; seed <= trials; ++seed) {
        SwarmOptions options;
        options.seed = seed;
        options.nodes = nodes;
        options.loss_percent = loss_percent;
        Swarm swarm(options);
        const bool begun = swarm.start_all();
        Random random(seed * 1'000'003);
        swarm.run(2'000 + random.below(3'000));
        const std::size_t victim = random.below(nodes);
        const std::uint64_t killed_ms = swarm.now_ms();
        swarm.kill(victim);
        const bool found = begun && swarm.run_while_not(kLimitMs, [&] {
            return swarm.agreed(victim, Liveness::kDown);
        });
        times.push_back(found ? swarm.now_ms() - killed_ms : kLimitMs);
    }
    std::sort(times.begin(), times.end());
    return times;
}

FalsePositives false_positives(const StallSetting& setting, std::uint64_t seed, bool lifeguard) {
    constexpr std::uint64_t kRunMs = 120'000;
    SwarmOptions options;
    options.seed = seed;
    options.nodes = setting.nodes;
    options.membership.lifeguard = lifeguard;
    Swarm swarm(options);
    swarm.start_all();
    swarm.run(15'000);
    const std::size_t before = swarm.events().size();
    const std::uint64_t end_ms = swarm.now_ms() + kRunMs;
    while (swarm.now_ms() < end_ms) {
        for (std::size_t i = 0; i < setting.stalled; ++i)
            swarm.stall(i, swarm.now_ms() + setting.stall_ms, setting.kind);
        swarm.run(setting.stall_ms + setting.run_ms);
    }
    FalsePositives found;
    for (std::size_t i = before; i < swarm.events().size(); ++i) {
        const Swarm::Event& event = swarm.events()[i];
        if (event.liveness != Liveness::kDown || event.subject < setting.stalled) continue;
        found.anywhere += 1;
        found.at_healthy += event.observer >= setting.stalled ? 1 : 0;
    }
    return found;
}

std::vector<StallSetting> stall_settings(std::size_t nodes, Stall kind) {
    std::vector<StallSetting> settings;
    for (const std::size_t stalled : {nodes / 32, nodes / 4})
        for (const std::uint64_t stall_ms : {2'000U, 8'000U, 16'000U})
            for (const std::uint64_t run_ms : {1U, 1'000U})
                settings.push_back(
                    {nodes, std::max<std::size_t>(stalled, 1), stall_ms, run_ms, kind});
    return settings;
}

}  // namespace kigumi::sim
