#include "flags.hpp"

#include <algorithm>
#include <charconv>

#include "kigumi/crdt/json.hpp"

namespace kigumi::cli {

bool Flags::take(const std::string& name) {
    const auto at = std::find(words_.begin(), words_.end(), name);
    if (at == words_.end()) return false;
    words_.erase(at);
    return true;
}

Result<std::optional<std::string>> Flags::take_value(const std::string& name) {
    const auto at = std::find(words_.begin(), words_.end(), name);
    if (at == words_.end()) return std::optional<std::string>();
    if (at + 1 == words_.end())
        return fail(ErrorCode::kInvalidArgument, name + " wants a value; see kigumi --help");
    std::optional<std::string> value = *(at + 1);
    words_.erase(at, at + 2);
    return value;
}

Result<std::optional<std::uint64_t>> Flags::take_number(const std::string& name,
                                                        std::uint64_t least) {
    KIGUMI_TRY(const auto text, take_value(name));
    if (!text) return std::optional<std::uint64_t>();
    std::uint64_t number = 0;
    const char* const end = text->data() + text->size();
    const auto [stop, error] = std::from_chars(text->data(), end, number);
    if (error == std::errc() && stop == end && number >= least)
        return std::optional<std::uint64_t>(number);
    return fail(ErrorCode::kInvalidArgument, name + " wants a whole number from " +
                                                 std::to_string(least) + " up, not " +
                                                 json_string(text->substr(0, 40)));
}

Result<std::string> Flags::rest(const std::string& what) const {
    for (const std::string& word : words_)
        if (word.starts_with("--"))
            return fail(ErrorCode::kInvalidArgument,
                        "there is no option " + json_string(word) + " here; see kigumi --help");
    if (words_.size() == 1) return words_[0];
    return fail(ErrorCode::kInvalidArgument,
                words_.empty()
                    ? "name " + what + "; see kigumi --help"
                    : "one argument too many: " + json_string(words_[1]) + "; see kigumi --help");
}

}  // namespace kigumi::cli
