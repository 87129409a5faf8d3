#include <string_view>

#include "codec.hpp"

namespace kigumi::codec {
namespace {

/// Adds up what `check_writable` adds up, over the tokens.
class Skipper {
  public:
    explicit Skipper(MsgpackReader& reader) : reader_(reader) {}

    void value(std::size_t depth) {
        using Kind = MsgpackReader::Kind;
        add(9);
        switch (reader_.peek()) {
            case Kind::kNil:
                return reader_.nil();
            case Kind::kBool:
                reader_.boolean();
                return;
            case Kind::kUint:
            case Kind::kInt:
                reader_.integer();
                return;
            case Kind::kDouble:
                reader_.number();
                return;
            case Kind::kText:
                text();
                return;
            case Kind::kBytes:
                return add(reader_.bytes().size());
            case Kind::kArray:
                enter(depth);
                for (std::uint32_t left = reader_.array(); left > 0 && reader_.ok(); --left)
                    value(depth + 1);
                return;
            case Kind::kMap:
                enter(depth);
                return object(depth);
        }
    }

  private:
    void object(std::size_t depth) {
        std::string_view previous;
        const std::uint32_t size = reader_.map();
        for (std::uint32_t i = 0; i < size && reader_.ok(); ++i) {
            add(5);
            const std::string_view name = text();
            if (i > 0 && name <= previous) reader_.reject();
            previous = name;
            value(depth + 1);
        }
    }
    std::string_view text() {
        const std::string_view text = reader_.text();
        if (!is_utf8(text)) reader_.reject();
        add(text.size());
        return text;
    }
    void enter(std::size_t depth) {
        if (depth >= kMaxValueDepth) reader_.reject();
    }
    void add(std::size_t bytes) {
        bytes_ += bytes;
        if (bytes_ > kMaxValueBytes) reader_.reject();
    }

    MsgpackReader& reader_;
    std::size_t bytes_ = 0;
};

}  // namespace

void skip_value(MsgpackReader& reader) { Skipper(reader).value(0); }

}  // namespace kigumi::codec
