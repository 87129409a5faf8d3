#include "kigumi/daemon/http_server.hpp"

#include <charconv>
#include <thread>
#include <utility>

#include "bounded_pool.hpp"
#include "bounded_stream.hpp"

namespace kigumi::http {
namespace {

/// The library's server with connections that end by themselves.
class BoundedServer : public httplib::Server {
  public:
    explicit BoundedServer(const ServerOptions& options) : options_(options) {
        new_task_queue = [threads = options.threads] { return new BoundedPool(threads); };
        set_payload_max_length(0);
        // The library would share the port with whoever else asks for it.
        set_socket_options([](socket_t socket) {
            const int on = 1;
            setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        });
    }

    void stop_soon() {
        stopping_ = true;
        stop();
    }

  private:
    bool process_and_close_socket(socket_t socket) override {
        BoundedStream stream(
            socket, BoundedStream::Clock::now() + std::chrono::milliseconds(options_.timeout_ms),
            options_.request_bytes, stopping_);
        bool closed = false;
        bool done = false;
        try {
            done = process_request(stream, true, closed, nullptr);
        } catch (const std::exception&) {
            // What a request can make the library throw ends that request.
        }
        ::shutdown(socket, SHUT_RDWR);
        ::close(socket);
        return done;
    }

    const ServerOptions options_;
    std::atomic<bool> stopping_ = false;
};

struct Address {
    std::string host;
    int port = 0;  ///< 0: any
};

Result<Address> parse_address(const std::string& text) {
    const auto wrong = fail(ErrorCode::kInvalidArgument,
                            "\"" + text +
                                "\" is no address for HTTP; write HOST:PORT, for example "
                                "127.0.0.1:9470");
    const auto colon = text.rfind(':');
    if (colon == std::string::npos || colon == 0) return wrong;
    Address address{text.substr(0, colon), 0};
    if (address.host.starts_with('[') && address.host.ends_with(']'))
        address.host = address.host.substr(1, address.host.size() - 2);
    const std::string port = text.substr(colon + 1);
    if (port == "*") return address;
    const char* const end = port.data() + port.size();
    const auto [stop, error] = std::from_chars(port.data(), end, address.port);
    if (error != std::errc() || stop != end || address.port < 0 || address.port > 65'535)
        return wrong;
    return address;
}

}  // namespace

class Server::Impl {
  public:
    Impl(const ServerOptions& options, Pages pages) : server_(options) {
        for (auto& [path, page] : pages)
            server_.Get(path, [page = std::move(page)](const httplib::Request&,
                                                       httplib::Response& response) {
                const Answer answer = page();
                response.status = answer.status;
                response.set_header("Cache-Control", "no-store");
                response.set_content(answer.body, answer.type);
            });
    }
    ~Impl() {
        // A stop that comes before the thread has begun would be missed.
        while (thread_.joinable() && !server_.is_running() && !ended_) std::this_thread::yield();
        server_.stop_soon();
        if (thread_.joinable()) thread_.join();
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    Result<void> start(const std::string& listen) {
        KIGUMI_TRY(const Address address, parse_address(listen));
        int port = address.port;
        bool bound = true;
        if (port == 0) {
            port = server_.bind_to_any_port(address.host);
            bound = port > 0;
        } else {
            bound = server_.bind_to_port(address.host, port);
        }
        if (!bound)
            return fail(ErrorCode::kIo, "cannot serve HTTP on " + listen +
                                            "; is the address this machine's, and the port free?");
        address_ = listen.substr(0, listen.rfind(':') + 1) + std::to_string(port);
        thread_ = std::thread([this] {
            server_.listen_after_bind();
            ended_ = true;
        });
        return {};
    }

    const std::string& address() const { return address_; }

  private:
    BoundedServer server_;
    std::string address_;
    std::atomic<bool> ended_ = false;
    std::thread thread_;
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::start(const ServerOptions& options, Pages pages) {
    auto impl = std::make_unique<Impl>(options, std::move(pages));
    KIGUMI_CHECK(impl->start(options.listen));
    return std::unique_ptr<Server>(new Server(std::move(impl)));
}

const std::string& Server::address() const { return impl_->address(); }

}  // namespace kigumi::http
