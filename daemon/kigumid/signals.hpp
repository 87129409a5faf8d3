#pragma once

#include <csignal>

namespace kigumi {

/// SIGTERM, SIGINT and SIGHUP, held back from every thread and taken by `wait`. Make it before any
/// thread.
class Signals {
  public:
    Signals();
    /// The next signal, whenever it comes.
    int wait() const;

  private:
    sigset_t signals_{};
};

}  // namespace kigumi
