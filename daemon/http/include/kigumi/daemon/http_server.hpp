#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "kigumi/crdt/result.hpp"

namespace kigumi::http {

struct Answer {
    int status = 200;
    std::string type = "text/plain; charset=utf-8";
    std::string body;
};

/// The pages by path. Called on the server's threads, several at a time; must not throw.
using Pages = std::map<std::string, std::function<Answer()>>;

struct ServerOptions {
    std::string listen;  ///< `HOST:PORT`; the port may be `*`
    std::size_t threads = 2;
    /// From accepting a connection to the last byte of the answer; then it is cut off.
    std::uint64_t timeout_ms = 5'000;
    /// Request line, headers and body together; more is cut off.
    std::size_t request_bytes = std::size_t{16} << 10;
};

/// A small HTTP server for pages that are made when they are asked for: GET and HEAD, one request
/// for each connection.
///
/// Whatever a client does costs a descriptor and `request_bytes` of memory until its request has
/// come in whole, and then a thread of this server, all within `timeout_ms`, and no more. There are
/// bounds on clients whose request is incomplete (the oldest goes) and on requests that wait for a
/// thread (503). No keys and no passwords. Thread-safe.
class Server {
  public:
    /// Binds and starts. Errors name the address that cannot be used.
    /// `at_once`: pages of a few bytes that are answered apart from the others, whatever the
    /// threads are busy with. They are made on the thread that accepts, and must not wait.
    static Result<std::unique_ptr<Server>> start(const ServerOptions& options, Pages pages,
                                                 Pages at_once = {});
    /// Cuts off what is under way, and joins the threads.
    ~Server();

    /// The address that was bound, with its port.
    const std::string& address() const;

  private:
    class Impl;
    explicit Server(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace kigumi::http
