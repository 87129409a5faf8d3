#include "process/locked.hpp"

namespace kigumi {

Guest::Guest(zmq::context_t& context, const std::string& address, const Key& key, const Key& server,
             const std::string& routing_id)
    : socket_(context, zmq::socket_type::dealer) {
    socket_.set(zmq::sockopt::linger, 0);
    socket_.set(zmq::sockopt::sndtimeo, 5'000);
    socket_.set(zmq::sockopt::rcvtimeo, 50);
    if (!routing_id.empty()) socket_.set(zmq::sockopt::routing_id, routing_id);
    socket_.set(zmq::sockopt::curve_serverkey, server.text());
    socket_.set(zmq::sockopt::curve_publickey, key.text());
    socket_.set(zmq::sockopt::curve_secretkey, key.pair.secret());
    socket_.connect("tcp://" + address);
}

void Guest::send(const wire::Message& message) {
    socket_.send(zmq::buffer(wire::encode(message)), zmq::send_flags::none);
}

bool Guest::is_answered(const ReplicaId& as) {
    return eventually(std::chrono::seconds(5), [&] {
        greet(as);
        zmq::message_t frame;
        if (!socket_.recv(frame)) return false;
        const auto message = wire::decode(frame.to_string_view());
        return message && std::holds_alternative<wire::Hello>(*message);
    });
}

Key& LockedTest::make_key() {
    return keys_.emplace_back(scratch_.path() / ("key" + std::to_string(keys_.size())));
}

Site& LockedTest::start_site(const Key& key, const std::vector<std::string>& allow,
                             const std::vector<std::string>& peers) {
    Site& site = make_site();
    restart(site, key, allow, peers);
    return site;
}

void LockedTest::restart(Site& site, const Key& key, const std::vector<std::string>& allow,
                         const std::vector<std::string>& peers) {
    std::vector<std::string> options = {"--key", key.file};
    for (const std::string& entry : allow) options.push_back("--allow=" + entry);
    for (const std::string& peer : peers) options.push_back("--peer=" + peer);
    site.start({}, options);
}

std::size_t LockedTest::times(Site& site, const std::string& text) {
    const std::string log = site.daemon().output();
    std::size_t n = 0;
    for (std::size_t at = 0; (at = log.find(text, at)) != log.npos; ++at) ++n;
    return n;
}

}  // namespace kigumi
