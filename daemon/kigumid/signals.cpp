#include "signals.hpp"

#include <pthread.h>

#include <initializer_list>

namespace kigumi {

Signals::Signals() {
    sigemptyset(&signals_);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals_, signal);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
}

int Signals::wait() const {
    int signal = 0;
    sigwait(&signals_, &signal);
    return signal;
}

}  // namespace kigumi
