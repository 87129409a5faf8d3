#pragma once

#include <thread>
#include <zmq.hpp>

#include "allow_list.hpp"

namespace kigumi {

/// Answers, for every connection to a guarded socket of the context, whether its key may get in
/// (ZAP, RFC 27). On a thread of its own, so that handshakes do not wait for the node's loop. What
/// comes from an accepted connection bears its key as `User-Id`.
///
/// Must exist before a socket is bound, and until the last one is closed.
class ZapHandler {
  public:
    /// Throws zmq::error_t if it cannot start.
    ZapHandler(zmq::context_t& context, const AllowList& allowed);
    ~ZapHandler();
    ZapHandler(const ZapHandler&) = delete;
    ZapHandler& operator=(const ZapHandler&) = delete;

  private:
    void run();
    void answer();

    const AllowList& allowed_;
    zmq::socket_t requests_;
    zmq::socket_t stop_;
    zmq::socket_t stopped_;  ///< the thread's end of `stop_`
    std::thread thread_;
};

}  // namespace kigumi
