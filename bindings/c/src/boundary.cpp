#include "boundary.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <exception>
#include <new>
#include <string_view>

namespace kigumi::c {
namespace {

// A fixed place: saying that memory is used up must not take memory.
thread_local std::array<char, 1024> last_message{};

kigumi_status keep(kigumi_status status, std::string_view message) noexcept {
    std::size_t size = std::min(message.size(), last_message.size() - 1);
    // Never cut a UTF-8 character in two.
    if (size < message.size())
        while (size > 0 && (static_cast<unsigned char>(message[size]) & 0xC0U) == 0x80U) --size;
    std::memcpy(last_message.data(), message.data(), size);
    last_message[size] = '\0';
    return status;
}

kigumi_status status_of(ErrorCode code) noexcept {
    switch (code) {
        case ErrorCode::kInvalidArgument:
            return KIGUMI_INVALID_ARGUMENT;
        case ErrorCode::kNotFound:
            return KIGUMI_NOT_FOUND;
        case ErrorCode::kCorrupt:
            return KIGUMI_CORRUPT;
        case ErrorCode::kUnsupported:
            return KIGUMI_UNSUPPORTED;
        case ErrorCode::kFull:
            return KIGUMI_FULL;
        case ErrorCode::kBusy:
            return KIGUMI_BUSY;
        case ErrorCode::kIo:
            return KIGUMI_IO;
        case ErrorCode::kNotYet:
            return KIGUMI_NOT_YET;
    }
    return KIGUMI_INTERNAL;
}

}  // namespace

kigumi_status report(const Error& error) noexcept {
    return keep(status_of(error.code), error.message);
}

kigumi_status report_exception() noexcept {
    try {
        throw;
    } catch (const ResultError& failed) {
        return report(failed.error());
    } catch (const std::bad_alloc&) {
        return keep(KIGUMI_NO_MEMORY, "memory is used up; free some and try again");
    } catch (const std::exception& unforeseen) {
        return keep(KIGUMI_INTERNAL, unforeseen.what());
    } catch (...) {
        return keep(KIGUMI_INTERNAL, "an exception of an unknown type");
    }
}

}  // namespace kigumi::c

const char* kigumi_last_error_message(void) { return kigumi::c::last_message.data(); }

const char* kigumi_status_name(kigumi_status status) {
    switch (status) {
        case KIGUMI_OK:
            return "ok";
        case KIGUMI_INVALID_ARGUMENT:
            return "invalid_argument";
        case KIGUMI_NOT_FOUND:
            return "not_found";
        case KIGUMI_CORRUPT:
            return "corrupt";
        case KIGUMI_UNSUPPORTED:
            return "unsupported";
        case KIGUMI_FULL:
            return "full";
        case KIGUMI_BUSY:
            return "busy";
        case KIGUMI_IO:
            return "io";
        case KIGUMI_NO_MEMORY:
            return "no_memory";
        case KIGUMI_INTERNAL:
            return "internal";
        case KIGUMI_NOT_YET:
            return "not_yet";
    }
    return "unknown";
}

const char* kigumi_version(void) { return KIGUMI_VERSION; }
