#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kigumi::config {

/// Of `known`, the word that `word` was probably meant to be; empty if none is near.
std::string nearest(std::string_view word, const std::vector<std::string>& known);

}  // namespace kigumi::config
