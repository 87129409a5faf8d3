#pragma once

#include <zmq.hpp>

#include "kigumi/daemon/keys.hpp"

/// CurveZMQ on our sockets: whoever listens proves its key to whoever connects, and the other way
/// round; nothing but the handshake is in the clear.
namespace kigumi::curve {

/// The ZAP domain. With it set and enforced, a socket lets nobody in if no handler answers.
inline constexpr const char* kDomain = "kigumi";

/// Before it is bound: the socket lets in only whom the ZAP handler does.
void guard(zmq::socket_t& listening, const KeyPair& own);
/// Before it connects: the socket speaks only to the holder of `server`.
void pin(zmq::socket_t& dialling, const KeyPair& own, const PublicKey& server);

}  // namespace kigumi::curve
