#pragma once

#include <stdexcept>
#include <string>

namespace kigumi::crash {

/// A promise that was broken; says which.
class Violation : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

}  // namespace kigumi::crash
