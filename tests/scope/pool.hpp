#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <utility>

namespace kigumi::scope {

/// Keeps one of each thing and gives it a number, from 1: equal things, told by bytes that say all
/// about them, get the same number. So a world of replicas is a few numbers.
template <class T>
class Pool {
  public:
    /// The number of the thing that these bytes describe, 0 if it is not known yet.
    std::uint32_t find(const std::string& bytes) const {
        const auto it = numbers_.find(bytes);
        return it == numbers_.end() ? 0 : it->second;
    }
    std::uint32_t add(std::string bytes, T thing) {
        const auto number = static_cast<std::uint32_t>(things_.size() + 1);
        const auto [it, fresh] = numbers_.emplace(std::move(bytes), number);
        if (fresh) things_.push_back(std::move(thing));
        return it->second;
    }
    const T& operator[](std::uint32_t number) const { return things_[number - 1]; }
    std::size_t size() const { return things_.size(); }

  private:
    std::unordered_map<std::string, std::uint32_t> numbers_;
    std::deque<T> things_;
};

}  // namespace kigumi::scope
