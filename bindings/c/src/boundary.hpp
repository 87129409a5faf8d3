#pragma once

#include "kigumi.h"
#include "kigumi/crdt/result.hpp"

/// The one place where errors and exceptions become statuses: nothing else in this room catches.
namespace kigumi::c {

/// Keeps the message for `kigumi_last_error_message` and gives the status. Allocates nothing.
kigumi_status report(const Error& error) noexcept;
/// The same for the exception that is being handled.
kigumi_status report_exception() noexcept;

/// Runs the body of an entry, which returns a Result<void>.
template <class Body>
kigumi_status guard(Body&& body) noexcept {
    try {
        const Result<void> outcome = body();
        return outcome ? KIGUMI_OK : report(outcome.error());
    } catch (...) {
        return report_exception();
    }
}

/// Fails if an out-parameter that is not optional is null.
inline Result<void> require(const void* out, const char* name) {
    if (out != nullptr) return {};
    return fail(ErrorCode::kInvalidArgument,
                std::string(name) + " is null; pass where the result is to go");
}

}  // namespace kigumi::c
