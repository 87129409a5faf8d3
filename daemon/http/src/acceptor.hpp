#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <optional>
#include <string>

namespace kigumi::http {

/// A connection and what has come on it.
struct Request {
    int socket;
    std::string bytes;
    std::chrono::steady_clock::time_point deadline;
};

/// Accepts connections and reads from all of them at once, so that a client that sends slowly, or
/// nothing, costs a descriptor and at most `request_bytes`, and no thread. It answers by itself
/// what must not wait for the threads; the rest it hands over.
class Acceptor {
  public:
    struct Options {
        std::uint64_t timeout_ms;
        std::size_t request_bytes;
        /// Connections whose request has not come in whole; among too many the oldest goes.
        std::size_t max_reading = 128;
        /// Requests that wait for a thread; further ones are refused with 503.
        std::size_t max_ready = 32;
    };
    struct Handler {
        /// The whole answer to a request that needs no thread. Must not wait.
        std::function<std::optional<std::string>(const std::string& request)> answer;
        /// Takes a whole request over, with its socket; false: not now.
        std::function<bool(const Request&)> take;
    };

    /// `listening` stays the caller's, and is made non-blocking.
    Acceptor(int listening, Options options, Handler handler);
    ~Acceptor();
    Acceptor(const Acceptor&) = delete;
    Acceptor& operator=(const Acceptor&) = delete;

    /// Until `stop`. On one thread.
    void run();
    /// `take` may say something else now. From any thread.
    void wake() const;
    void stop();

  private:
    using Connections = std::list<Request>;

    int wait_ms() const;
    /// Closes those whose time is over.
    static void expire(Connections& connections);
    void accept_all();
    /// Whether the connection goes on to be read.
    bool read(Request& connection);
    void got_request(Request& connection);
    void hand_over();

    const int listening_;
    const int bell_;
    const Options options_;
    const Handler handler_;
    Connections reading_;  ///< the oldest first
    Connections ready_;
    std::atomic<bool> stopping_ = false;
};

}  // namespace kigumi::http
