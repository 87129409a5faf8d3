#include <functional>

#include "codec.hpp"
#include "input.hpp"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

/// A mutator that knows msgpack: it decodes, changes one node and writes the text again. Changed
/// byte by byte, hardly any input would get past the first pass over the nesting. It also looks
/// into bytes that are msgpack themselves: pushes and chunks carry batches.
namespace kigumi::fuzz {
namespace {

using Kind = MsgpackReader::Kind;

struct Node {
    Kind kind = Kind::kNil;
    std::uint64_t bits = 0;  ///< of a bool or an integer
    double number = 0;
    std::string data;            ///< of text and bytes
    std::vector<Node> children;  ///< of a map: names and values in turn
    std::int32_t lie = 0;        ///< by how much the announced length is wrong
};

Node read_node(MsgpackReader& reader) {
    Node node;
    node.kind = reader.peek();
    std::uint64_t children = 0;
    switch (node.kind) {
        case Kind::kNil:
            reader.nil();
            break;
        case Kind::kBool:
            node.bits = reader.boolean() ? 1 : 0;
            break;
        case Kind::kUint:
            node.bits = reader.uint();
            break;
        case Kind::kInt:
            node.bits = static_cast<std::uint64_t>(reader.integer());
            break;
        case Kind::kDouble:
            node.number = reader.number();
            break;
        case Kind::kText:
            node.data = reader.text();
            break;
        case Kind::kBytes:
            node.data = reader.bytes();
            break;
        case Kind::kArray:
            children = reader.array();
            break;
        case Kind::kMap:
            children = std::uint64_t{2} * reader.map();
            break;
    }
    for (; children > 0 && reader.ok(); --children) node.children.push_back(read_node(reader));
    return node;
}

void write_node(codec::Packer& packer, const Node& node) {
    const auto announced = [&node](std::size_t size) {
        return static_cast<std::uint32_t>(static_cast<std::int64_t>(size) + node.lie);
    };
    switch (node.kind) {
        case Kind::kNil:
            packer.pack_nil();
            break;
        case Kind::kBool:
            node.bits != 0 ? packer.pack_true() : packer.pack_false();
            break;
        case Kind::kUint:
            packer.pack_uint64(node.bits);
            break;
        case Kind::kInt:
            packer.pack_int64(static_cast<std::int64_t>(node.bits));
            break;
        case Kind::kDouble:
            codec::write_value(packer, Value(node.number));
            break;
        case Kind::kText:
            packer.pack_str(announced(node.data.size()));
            packer.pack_str_body(node.data.data(), static_cast<std::uint32_t>(node.data.size()));
            break;
        case Kind::kBytes:
            packer.pack_bin(announced(node.data.size()));
            packer.pack_bin_body(node.data.data(), static_cast<std::uint32_t>(node.data.size()));
            break;
        case Kind::kArray:
            packer.pack_array(announced(node.children.size()));
            break;
        case Kind::kMap:
            packer.pack_map(announced(node.children.size() / 2));
            break;
    }
    for (const Node& child : node.children) write_node(packer, child);
}

void collect(Node& node, std::vector<Node*>& all) {
    all.push_back(&node);
    for (Node& child : node.children) collect(child, all);
}

std::uint64_t interesting(Numbers& numbers) {
    constexpr std::uint64_t kBorders[] = {0,          1,           2,           3,          127,
                                          128,        255,         256,         65'535,     65'536,
                                          0xFFFFFFFF, 0x100000000, ~0ULL >> 1U, ~0ULL - 1U, ~0ULL};
    return kBorders[numbers.below(std::size(kBorders))];
}

std::string mutate_text(std::string text, std::size_t max_size, Numbers& numbers);

void change_scalar(Node& node, Numbers& numbers, std::size_t max_size) {
    if (node.kind == Kind::kText || node.kind == Kind::kBytes) {
        node.data = mutate_text(std::move(node.data), max_size, numbers);
    } else if (node.kind == Kind::kDouble) {
        node.number = numbers.below(4) == 0 ? -0.0 : static_cast<double>(numbers.next()) / 3;
    } else {
        node.bits = numbers.below(2) == 0 ? interesting(numbers)
                                          : node.bits + numbers.below(5) - std::uint64_t{2};
    }
}

void change_children(Node& node, Numbers& numbers) {
    auto& children = node.children;
    const auto one = children.begin() + static_cast<std::ptrdiff_t>(numbers.below(children.size()));
    const auto two = children.begin() + static_cast<std::ptrdiff_t>(numbers.below(children.size()));
    switch (numbers.below(4)) {
        case 0:
            children.erase(one);
            break;
        case 1:
            children.insert(two, Node(*one));
            break;
        case 2:
            std::iter_swap(one, two);
            break;
        default:
            *one = Node(*two);
    }
}

/// Changes one node of the tree.
void mutate_tree(Node& root, Numbers& numbers, std::size_t max_size) {
    std::vector<Node*> all;
    collect(root, all);
    Node& node = *all[numbers.below(all.size())];
    switch (numbers.below(8)) {
        case 0:
            node.kind = static_cast<Kind>(numbers.below(9));
            break;
        case 1:
            node.lie = static_cast<std::int32_t>(numbers.below(2) == 0 ? numbers.below(5)
                                                                       : interesting(numbers));
            break;
        case 2: {
            Node inner = std::move(node);
            node = Node();
            node.kind = Kind::kArray;
            node.children.push_back(std::move(inner));
            break;
        }
        case 3: {
            const Node other = *all[numbers.below(all.size())];
            node = other;
            break;
        }
        default:
            node.children.empty() ? change_scalar(node, numbers, max_size)
                                  : change_children(node, numbers);
    }
}

/// As msgpack if it is a container of such, otherwise byte by byte.
std::string mutate_text(std::string text, std::size_t max_size, Numbers& numbers) {
    auto reader = MsgpackReader::parse(text);
    const bool container =
        reader && (reader->peek() == Kind::kArray || reader->peek() == Kind::kMap);
    if (container && numbers.below(8) != 0) {
        Node root = read_node(*reader);
        for (std::uint64_t left = 1 + numbers.below(3); left > 0; --left)
            mutate_tree(root, numbers, max_size);
        codec::Buffer buffer;
        codec::Packer packer(buffer);
        write_node(packer, root);
        if (buffer.bytes.size() <= max_size) return std::move(buffer.bytes);
    }
    const std::size_t size = text.size();
    text.resize(std::max(max_size, size));
    text.resize(LLVMFuzzerMutate(reinterpret_cast<std::uint8_t*>(text.data()), size, max_size));
    return text;
}

}  // namespace
}  // namespace kigumi::fuzz

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned int seed) {
    kigumi::fuzz::Numbers numbers{std::uint64_t{seed}};
    const std::string text = kigumi::fuzz::mutate_text(
        std::string(kigumi::fuzz::as_text(data, size)), max_size, numbers);
    std::copy(text.begin(), text.end(), data);
    return text.size();
}
