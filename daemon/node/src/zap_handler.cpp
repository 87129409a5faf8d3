#include "zap_handler.hpp"

#include <array>
#include <cerrno>

#include "curve.hpp"

namespace kigumi {
namespace {

/// The frames of a request, of which there may be any number of any size.
struct ZapRequest {
    enum Frame { kVersion, kId, kDomain, kAddress, kRoutingId, kMechanism, kCredentials, kFrames };
    std::array<zmq::message_t, kFrames> frames;
    bool whole = false;

    std::string_view operator[](Frame frame) const {
        return frames[static_cast<std::size_t>(frame)].to_string_view();
    }
};

ZapRequest receive(zmq::socket_t& from) {
    ZapRequest request;
    std::size_t count = 0;
    for (bool more = true; more; ++count) {
        zmq::message_t frame;
        if (!from.recv(frame, zmq::recv_flags::dontwait)) return request;
        more = frame.more();
        if (count < request.frames.size()) request.frames[count] = std::move(frame);
    }
    request.whole = count == request.frames.size();
    return request;
}

/// The key that a client has proved to hold; empty text if the request is about something else.
std::string proved_key(const ZapRequest& request) {
    const std::string_view key = request[ZapRequest::kCredentials];
    if (!request.whole || request[ZapRequest::kVersion] != "1.0" ||
        request[ZapRequest::kDomain] != curve::kDomain ||
        request[ZapRequest::kMechanism] != "CURVE" || key.size() != PublicKey::kBytes)
        return {};
    std::array<char, PublicKey::kText + 1> text{};
    zmq_z85_encode(text.data(), reinterpret_cast<const std::uint8_t*>(key.data()), key.size());
    return text.data();
}

}  // namespace

ZapHandler::ZapHandler(zmq::context_t& context, const AllowList& allowed)
    : allowed_(allowed),
      requests_(context, zmq::socket_type::rep),
      stop_(context, zmq::socket_type::pair),
      stopped_(context, zmq::socket_type::pair) {
    for (zmq::socket_t* socket : {&requests_, &stop_, &stopped_})
        socket->set(zmq::sockopt::linger, 0);
    stopped_.bind("inproc://kigumi.zap.stop");
    stop_.connect("inproc://kigumi.zap.stop");
    requests_.bind("inproc://zeromq.zap.01");
    thread_ = std::thread([this] { run(); });
}

ZapHandler::~ZapHandler() {
    stop_.send(zmq::message_t(), zmq::send_flags::dontwait);
    thread_.join();
}

void ZapHandler::run() {
    std::array<zmq::pollitem_t, 2> items{
        {{requests_.handle(), 0, ZMQ_POLLIN, 0}, {stopped_.handle(), 0, ZMQ_POLLIN, 0}}};
    for (;;) {
        try {
            zmq::poll(items.data(), items.size(), std::chrono::milliseconds(-1));
            if (items[1].revents != 0) return;
            if (items[0].revents != 0) answer();
        } catch (const std::exception&) {
            // Interrupted, or out of memory: that connection fails and may try again.
            items[0].revents = items[1].revents = 0;
        }
    }
}

void ZapHandler::answer() {
    const ZapRequest request = receive(requests_);
    const std::string text = proved_key(request);
    const auto key = PublicKey::parse(text);
    const bool in = key && allowed_.allows(*key);
    const std::array<std::string_view, 6> reply{"1.0",
                                                request[ZapRequest::kId],
                                                in ? "200" : "400",
                                                in ? "OK" : "this key is not listed",
                                                in ? std::string_view(text) : std::string_view(),
                                                {}};
    for (std::size_t i = 0; i < reply.size(); ++i)
        requests_.send(zmq::buffer(reply[i]),
                       i + 1 < reply.size() ? zmq::send_flags::sndmore : zmq::send_flags::none);
}

}  // namespace kigumi
