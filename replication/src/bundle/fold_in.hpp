#pragma once

#include <string>

#include "kigumi/replication/store.hpp"

namespace kigumi::bundle {

/// Folds in what a large pull or import has brought, with pauses for other writers.
Result<void> fold_in(Store& store, const std::string& bucket);

}  // namespace kigumi::bundle
