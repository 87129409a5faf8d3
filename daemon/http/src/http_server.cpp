#include "kigumi/daemon/http_server.hpp"

#include <atomic>
#include <charconv>
#include <optional>
#include <thread>
#include <utility>

#include "acceptor.hpp"
#include "bounded_pool.hpp"
#include "bounded_stream.hpp"

namespace kigumi::http {
namespace {

/// The library's server with connections that end by themselves, on threads of ours.
class BoundedServer : public httplib::Server {
  public:
    explicit BoundedServer(const ServerOptions& options) : options_(options) {
        set_payload_max_length(0);
        // The library would share the port with whoever else asks for it.
        set_socket_options([](socket_t socket) {
            const int on = 1;
            setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        });
    }
    ~BoundedServer() override {
        stopping_ = true;
        if (acceptor_) acceptor_->stop();
        if (thread_.joinable()) thread_.join();
        pool_.reset();
        if (svr_sock_ != INVALID_SOCKET) ::close(svr_sock_);
    }

    /// After it was bound. `answer`: see `Acceptor::Handler`.
    void begin(std::function<std::optional<std::string>(const std::string&)> answer) {
        const auto take = [this](const Request& request) {
            return pool_->offer([this, request] { serve(request); });
        };
        acceptor_ = std::make_unique<Acceptor>(
            svr_sock_, Acceptor::Options{options_.timeout_ms, options_.request_bytes},
            Acceptor::Handler{std::move(answer), take});
        pool_ = std::make_unique<BoundedPool>(options_.threads, [this] { acceptor_->wake(); });
        thread_ = std::thread([this] { acceptor_->run(); });
    }

  private:
    void serve(const Request& request) {
        // A page of the usual size goes out at once, so that a client that does not read it holds
        // no thread.
        const int buffer = 1 << 20;
        setsockopt(request.socket, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
        BoundedStream stream(request.socket, request.bytes, request.deadline,
                             options_.request_bytes, stopping_);
        bool closed = false;
        try {
            process_request(stream, true, closed, nullptr);
        } catch (const std::exception&) {
            // What a request can make the library throw ends that request.
        }
        ::shutdown(request.socket, SHUT_RDWR);
        ::close(request.socket);
    }

    const ServerOptions options_;
    std::atomic<bool> stopping_ = false;
    std::unique_ptr<Acceptor> acceptor_;
    std::unique_ptr<BoundedPool> pool_;
    std::thread thread_;  ///< of the acceptor
};

/// The path of a GET or HEAD request; empty of any other.
std::string path_of(const std::string& request) {
    const std::size_t begin = request.find(' ') + 1;
    if (!request.starts_with("GET ") && !request.starts_with("HEAD ")) return {};
    return request.substr(begin, request.find_first_of(" ?\r\n", begin) - begin);
}

std::string text_of(const Answer& answer, bool with_body) {
    const char* const reason = answer.status == 200 ? "OK" : "Service Unavailable";
    return "HTTP/1.1 " + std::to_string(answer.status) + ' ' + reason +
           "\r\nCache-Control: no-store\r\nConnection: close\r\nContent-Type: " + answer.type +
           "\r\nContent-Length: " + std::to_string(answer.body.size()) + "\r\n\r\n" +
           (with_body ? answer.body : "");
}

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
    Impl(const ServerOptions& options, Pages pages, Pages at_once)
        : at_once_(std::move(at_once)), server_(options) {
        for (auto& [path, page] : pages)
            server_.Get(path, [page = std::move(page)](const httplib::Request&,
                                                       httplib::Response& response) {
                const Answer answer = page();
                response.status = answer.status;
                response.set_header("Cache-Control", "no-store");
                response.set_content(answer.body, answer.type);
            });
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
        server_.begin([this](const std::string& request) -> std::optional<std::string> {
            const auto page = at_once_.find(path_of(request));
            if (page == at_once_.end()) return std::nullopt;
            return text_of(page->second(), request.starts_with("GET "));
        });
        return {};
    }

    const std::string& address() const { return address_; }

  private:
    const Pages at_once_;
    BoundedServer server_;
    std::string address_;
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::start(const ServerOptions& options, Pages pages,
                                              Pages at_once) {
    auto impl = std::make_unique<Impl>(options, std::move(pages), std::move(at_once));
    KIGUMI_CHECK(impl->start(options.listen));
    return std::unique_ptr<Server>(new Server(std::move(impl)));
}

const std::string& Server::address() const { return impl_->address(); }

}  // namespace kigumi::http
