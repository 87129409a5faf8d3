#include "curve.hpp"

namespace kigumi::curve {
namespace {

/// ZMQ_ZAP_ENFORCE_DOMAIN, which libzmq 4.3 has and its header shows to drafts only. Without it a
/// CURVE socket lets every key in when there is no handler.
constexpr int kZapEnforceDomain = 93;

}  // namespace

void guard(zmq::socket_t& listening, const KeyPair& own) {
    listening.set(zmq::sockopt::curve_server, true);
    listening.set(zmq::sockopt::curve_secretkey, own.secret());
    listening.set(zmq::sockopt::zap_domain, kDomain);
    const int one = 1;
    if (zmq_setsockopt(listening.handle(), kZapEnforceDomain, &one, sizeof one) != 0)
        throw zmq::error_t();
}

void pin(zmq::socket_t& dialling, const KeyPair& own, const PublicKey& server) {
    dialling.set(zmq::sockopt::curve_serverkey, server.text());
    dialling.set(zmq::sockopt::curve_publickey, own.public_key().text());
    dialling.set(zmq::sockopt::curve_secretkey, own.secret());
}

}  // namespace kigumi::curve
