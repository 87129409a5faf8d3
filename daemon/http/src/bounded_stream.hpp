#pragma once

#include <httplib.h>

#include <atomic>
#include <chrono>

namespace kigumi::http {

/// A connection that ends by itself: after so many bytes from the client, at a moment, or when the
/// server stops. (The library's own has a limit for each read, so that a client that sends a byte
/// now and then, or headers without end, holds it for ever.)
class BoundedStream : public httplib::Stream {
  public:
    using Clock = std::chrono::steady_clock;

    /// `socket` stays the caller's.
    BoundedStream(socket_t socket, Clock::time_point deadline, std::size_t request_bytes,
                  const std::atomic<bool>& stopping)
        : socket_(socket), deadline_(deadline), left_(request_bytes), stopping_(stopping) {}

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
    const Clock::time_point deadline_;
    std::size_t left_;
    const std::atomic<bool>& stopping_;
};

}  // namespace kigumi::http
