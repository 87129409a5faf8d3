#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace kigumi::fuzz {

/// The bytes of one run, as text.
inline std::string_view as_text(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
}

/// Takes decisions from the bytes of one run, one after the other; zeros once they are used up.
class Input {
  public:
    explicit Input(std::string_view bytes) : left_(bytes) {}

    bool empty() const { return left_.empty(); }
    std::uint8_t byte() {
        if (left_.empty()) return 0;
        const auto first = static_cast<std::uint8_t>(left_.front());
        left_.remove_prefix(1);
        return first;
    }
    std::uint8_t below(std::uint8_t bound) { return byte() % bound; }
    std::uint64_t number(std::size_t bytes) {
        std::uint64_t all = 0;
        for (std::size_t i = 0; i < bytes; ++i) all = all << 8 | byte();
        return all;
    }
    /// At most `size` bytes, fewer at the end.
    std::string_view take(std::size_t size) {
        const std::string_view taken = left_.substr(0, size);
        left_.remove_prefix(taken.size());
        return taken;
    }
    std::string_view rest() { return take(left_.size()); }

  private:
    std::string_view left_;
};

/// Numbers that are a function of the seed (splitmix64).
class Numbers {
  public:
    explicit Numbers(std::uint64_t seed) : state_(seed) {}
    /// Seeded by a whole input (FNV-1a), so that no part of it can foresee them.
    explicit Numbers(std::string_view bytes) : state_(0xCBF29CE484222325) {
        for (const char c : bytes)
            state_ = (state_ ^ static_cast<unsigned char>(c)) * 0x100000001B3;
    }

    std::uint64_t next() {
        std::uint64_t mixed = state_ += 0x9E3779B97F4A7C15;
        mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB;
        return mixed ^ mixed >> 31;
    }
    std::uint64_t below(std::uint64_t bound) { return next() % bound; }

  private:
    std::uint64_t state_;
};

}  // namespace kigumi::fuzz
