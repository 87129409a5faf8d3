#pragma once

#include <httplib.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <string>
#include <utility>

namespace kigumi::http {

/// A connection that ends by itself: after so many bytes from the client, at a moment, or when the
/// server stops. (The library's own has a limit for each read, so that a client that sends a byte
/// now and then, or headers without end, holds it for ever.)
class BoundedStream : public httplib::Stream {
  public:
    using Clock = std::chrono::steady_clock;

    /// `socket` stays the caller's. `received` has been read from it already.
    BoundedStream(socket_t socket, std::string received, Clock::time_point deadline,
                  std::size_t request_bytes, const std::atomic<bool>& stopping)
        : socket_(socket),
          received_(std::move(received)),
          deadline_(deadline),
          left_(request_bytes - std::min(request_bytes, received_.size())),
          stopping_(stopping) {}

    bool is_readable() const override;
    bool is_writable() const override;
    ssize_t read(char* ptr, size_t size) override;
    ssize_t write(const char* ptr, size_t size) override;
    void get_remote_ip_and_port(std::string& ip, int& port) const override;
    void get_local_ip_and_port(std::string& ip, int& port) const override;
    socket_t socket() const override { return socket_; }

  private:
    /// Waits for `events`; false if the time is over.
    bool wait_for(short events) const;

    const socket_t socket_;
    const std::string received_;
    std::size_t given_ = 0;  ///< of `received_`
    const Clock::time_point deadline_;
    std::size_t left_;
    const std::atomic<bool>& stopping_;
};

}  // namespace kigumi::http
