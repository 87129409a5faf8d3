#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kigumi/crdt/result.hpp"
#include "kigumi/crdt/value.hpp"

namespace kigumi::cli {

/// Standard output, buffered. The first failure is kept for `finish`: what a command has answered
/// counts only if it has arrived.
class Output {
  public:
    /// Writes the text and a newline; returns false once writing has failed.
    bool line(std::string_view text);
    /// Writes what is left. Call it last; fails if any byte was not written.
    Result<void> finish();

  private:
    void flush();

    std::string buffer_;
    int error_ = 0;  ///< errno of the first failure
};

/// One JSON object on one line, its members in the order they are added.
class JsonObject {
  public:
    /// `json`: the member's value, as JSON.
    JsonObject& raw(std::string_view name, std::string_view json);
    JsonObject& add(std::string_view name, const Value& value);
    std::string text() const { return "{" + members_ + "}"; }

  private:
    std::string members_;
};

/// A JSON array of items that are JSON already.
std::string json_array(const std::vector<std::string>& items);

}  // namespace kigumi::cli
