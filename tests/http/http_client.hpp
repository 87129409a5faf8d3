#pragma once

#include <chrono>
#include <string>

namespace kigumi::http {

/// A TCP connection of a test to `HOST:PORT` on loopback, with no manners of its own.
class RawClient {
  public:
    explicit RawClient(const std::string& address);
    ~RawClient();
    RawClient(const RawClient&) = delete;
    RawClient& operator=(const RawClient&) = delete;

    bool connected() const { return fd_ >= 0; }
    /// False once the other side has hung up.
    bool send(const std::string& bytes) const;
    /// All that comes until the other side hangs up; `hung_up` says whether it did in time.
    std::string receive_all(std::chrono::milliseconds limit, bool* hung_up = nullptr) const;

  private:
    int fd_ = -1;
};

/// The whole answer to a GET, head and body; empty if there is none.
std::string get(const std::string& address, const std::string& path,
                std::chrono::milliseconds limit = std::chrono::seconds(10));

}  // namespace kigumi::http
