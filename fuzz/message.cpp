#include "check.hpp"
#include "input.hpp"
#include "protocol/messages.hpp"

/// Messages from anybody: what decodes is canonical once it is written again.
namespace kigumi::fuzz {
namespace {

void run(std::string_view bytes) {
    const auto message = wire::decode(bytes);
    if (!message) return;
    const std::string encoded = wire::encode(*message);
    const auto again = wire::decode(encoded);
    require(again.has_value(), "what was written can be read");
    require(again->index() == message->index(), "a message keeps its kind");
    require(wire::encode(*again) == encoded, "the form of a message is canonical");
}

}  // namespace
}  // namespace kigumi::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    kigumi::fuzz::run(kigumi::fuzz::as_text(data, size));
    return 0;
}
