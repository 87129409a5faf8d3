#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "boundary.hpp"

/// Structs that grow at their end: an older caller's is smaller than ours, a newer one's larger.
namespace kigumi::c {

inline constexpr std::size_t kMaxStructBytes = 4096;

template <class T>
Result<void> check_struct_size(const T& given) {
    if (given.struct_size >= sizeof(std::size_t) && given.struct_size <= kMaxStructBytes) return {};
    return fail(ErrorCode::kInvalidArgument,
                "struct_size is not set; begin with the struct's _default function");
}

/// The options of a caller of any version; zeros for what it does not know, and for null. What we
/// do not know has to be zero.
template <class T>
Result<T> options_of(const T* given) {
    T options{};
    if (given == nullptr) return options;
    KIGUMI_CHECK(check_struct_size(*given));
    const auto* bytes = reinterpret_cast<const unsigned char*>(given);
    for (std::size_t i = sizeof(T); i < given->struct_size; ++i)
        if (bytes[i] != 0)
            return fail(ErrorCode::kUnsupported,
                        "an option is set that this version of the library does not know; "
                        "upgrade the library");
    std::memcpy(&options, bytes, std::min(sizeof(T), given->struct_size));
    return options;
}

/// Gives a caller of any version as much of the results as it knows.
template <class T>
void fill(T* out, T results) {
    results.struct_size = out->struct_size;
    std::memcpy(out, &results, std::min(sizeof(T), out->struct_size));
}

}  // namespace kigumi::c
