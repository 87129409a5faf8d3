#include "failing_new.hpp"

#include <cstdlib>
#include <new>

namespace {

/// An exception of a type that nobody expects.
struct Foreign {};

thread_local std::size_t countdown = 0;  ///< 0: none is to fail
thread_local bool failed = false;
thread_local kigumi::FailingNew::With failure = kigumi::FailingNew::With::kBadAlloc;

void* allocate(std::size_t size) {
    if (countdown > 0 && --countdown == 0) {
        failed = true;
        if (failure == kigumi::FailingNew::With::kForeign) throw Foreign{};
        throw std::bad_alloc();
    }
    void* const memory = std::malloc(size == 0 ? 1 : size);
    if (memory == nullptr) throw std::bad_alloc();
    return memory;
}

}  // namespace

void* operator new(std::size_t size) { return allocate(size); }
void* operator new[](std::size_t size) { return allocate(size); }
// What asks for null instead of an exception is not ours: libzmq, which then ends the process.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return std::malloc(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return std::malloc(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { std::free(memory); }

namespace kigumi {

FailingNew::FailingNew(std::size_t nth, With with) {
    failed = false;
    failure = with;
    countdown = nth;
}

FailingNew::~FailingNew() { countdown = 0; }

bool FailingNew::happened() const { return failed; }

}  // namespace kigumi
