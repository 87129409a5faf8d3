#include "output.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "kigumi/crdt/json.hpp"

namespace kigumi::cli {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{64} << 10;

}  // namespace

bool Output::line(std::string_view text) {
    buffer_ += text;
    buffer_.push_back('\n');
    if (buffer_.size() >= kBufferBytes) flush();
    return error_ == 0;
}

Result<void> Output::finish() {
    flush();
    if (error_ == 0) return {};
    return fail(ErrorCode::kIo, std::string("cannot write the output: ") + std::strerror(error_) +
                                    "; what is there of it is incomplete");
}

void Output::flush() {
    std::string_view rest = buffer_;
    while (!rest.empty() && error_ == 0) {
        const ssize_t n = ::write(STDOUT_FILENO, rest.data(), rest.size());
        if (n >= 0) {
            rest.remove_prefix(static_cast<std::size_t>(n));
        } else if (errno != EINTR) {
            error_ = errno;
        }
    }
    buffer_.clear();
}

JsonObject& JsonObject::raw(std::string_view name, std::string_view json) {
    if (!members_.empty()) members_.push_back(',');
    members_ += json_string(name);
    members_.push_back(':');
    members_ += json;
    return *this;
}

JsonObject& JsonObject::add(std::string_view name, const Value& value) {
    return raw(name, to_json(value));
}

std::string json_array(const std::vector<std::string>& items) {
    std::string text = "[";
    for (const std::string& item : items) {
        if (text.size() > 1) text.push_back(',');
        text += item;
    }
    return text + "]";
}

}  // namespace kigumi::cli
