#include "kigumi/daemon/member.hpp"

namespace kigumi::membership {

std::string_view name_of(Liveness liveness) {
    switch (liveness) {
        case Liveness::kAlive:
            return "alive";
        case Liveness::kSuspect:
            return "suspect";
        case Liveness::kDown:
            return "down";
        case Liveness::kLeft:
            return "left";
    }
    return "unknown";
}

}  // namespace kigumi::membership
