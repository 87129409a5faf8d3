#pragma once

#include "kigumi/daemon/observation.hpp"

namespace kigumi::http {

/// One in which there is some of everything, with texts that have to be escaped.
Observation full_observation();

}  // namespace kigumi::http
