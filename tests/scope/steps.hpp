#pragma once

#include <functional>

#include "lab.hpp"
#include "world.hpp"

namespace kigumi::scope {

struct Step {
    enum class What {
        kOperate,
        kSend,
        kLose,
        kReceive,
        kPull,
        kAsk,
        kTake,
        kBreak,
        kCrash,
        kHear,
        kCollect
    };
    What what;
    unsigned at = 0;        ///< the replica that does it
    unsigned other = 0;     ///< the one it deals with
    std::uint32_t arg = 0;  ///< the operation, or the flight
};

/// Tries every step that is possible in `world`. `about_to` hears which step comes next, in case it
/// throws; `visit` gets the world after it.
void each_step(Lab& lab, const Scope& scope, const World& world,
               const std::function<void(const Step&)>& about_to,
               const std::function<void(const World&)>& visit);

/// A line for people.
std::string describe(const Lab& lab, const Scope& scope, const Step& step);

/// Lets the replicas of a world pull from each other until nobody learns anything, and demands that
/// they are identical then, and that everything removed can be collected if the scope has that.
void heal(Lab& lab, const Scope& scope, const World& world);

}  // namespace kigumi::scope
