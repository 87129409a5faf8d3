#pragma once

#include <zmq.hpp>

#include "allow_list.hpp"

namespace kigumi {

/// Tries the lock before anybody else can: on a guarded socket of the context, a client with an
/// unlisted key must be refused, and one with a listed key must get in and its message bear that
/// key. Takes some milliseconds; the context must have its ZAP handler. An error says what is wrong
/// and that the node must not run.
Result<void> test_lock(zmq::context_t& context, const KeyPair& own, AllowList& allowed);

}  // namespace kigumi
