#include "kigumi/crdt/json.hpp"

#include "check.hpp"
#include "codec.hpp"
#include "input.hpp"
#include "kigumi/crdt/path.hpp"

/// JSON from anybody: what parses survives being written as JSON, as an element of a path and as
/// msgpack.
namespace kigumi::fuzz {
namespace {

void check_json(const Value& value) {
    const std::string text = to_json(value);
    const auto again = from_json(text);
    require(again.has_value(), "the JSON that is written can be parsed");
    require(*again == value, "a value survives JSON");
    require(to_json(*again) == text, "the form of JSON is canonical");
}

void check_path(const Value& value) {
    std::string element;
    path::append(element, value);
    const auto length = path::element_length(element);
    require(length && *length == element.size(), "an element shows where it ends");
    std::string_view rest = element;
    const auto again = path::take_value(rest);
    require(again && rest.empty() && *again == value, "a value survives a path");
}

void check_msgpack(const Value& value) {
    codec::Buffer buffer;
    codec::Packer packer(buffer);
    codec::write_value(packer, value);
    auto reader = MsgpackReader::parse(buffer.bytes);
    require(reader.has_value(), "the msgpack that is written can be parsed");
    const Value again = codec::read_value(*reader);
    require(reader->finish("a value") && again == value, "a value survives msgpack");
}

void run(std::string_view text) {
    const auto value = from_json(text);
    if (!value) return;
    check_json(*value);
    if (!check_writable(*value)) return;
    check_path(*value);
    check_msgpack(*value);
}

}  // namespace
}  // namespace kigumi::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    kigumi::fuzz::run(kigumi::fuzz::as_text(data, size));
    return 0;
}
