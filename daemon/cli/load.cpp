#include "load.hpp"

#include <optional>
#include <string>
#include <vector>

#include "kigumi/crdt/json.hpp"
#include "object_types.hpp"

namespace kigumi {
namespace {

constexpr std::size_t kBatchLines = 1000;
// Far enough below the limit of a transaction that an estimate is good enough.
constexpr std::size_t kBatchBytes = std::size_t{16} << 20;
constexpr std::size_t kRowOverhead = 160;

/// What one line asks for, and where it stood.
struct Item {
    std::uint64_t line = 0;
    std::string key;
    Type type = Type::kRegister;
    Value value;
};

tl::unexpected<Error> invalid(std::string message) {
    return fail(ErrorCode::kInvalidArgument, std::move(message));
}

std::optional<Type> type_named(std::string_view name) {
    for (std::uint64_t number = 1; const auto type = object_type_of(number); ++number)
        if (name_of(*type) == name) return type;
    return std::nullopt;
}

Result<void> check_shape(Type type, const Value& value) {
    switch (type) {
        case Type::kRegister:
            return {};
        case Type::kCounter:
            if (value.get_if<std::int64_t>() != nullptr) return {};
            return invalid("the value of a counter is an integer to add");
        case Type::kSet:
            if (value.get_if<Array>() != nullptr) return {};
            return invalid("the value of a set is an array of its members");
        case Type::kMap:
            if (value.get_if<Object>() != nullptr) return {};
            return invalid("the value of a map is an object of its fields");
        case Type::kFlag:
            if (value.get_if<bool>() != nullptr) return {};
            return invalid("the value of a flag is true or false");
        case Type::kRequest:
            break;  // no line names it
    }
    return {};
}

Result<Item> parse(std::uint64_t line, std::string_view text) {
    KIGUMI_TRY(const Value parsed, from_json(text));
    const auto* members = parsed.get_if<Object>();
    if (members == nullptr)
        return invalid("not an object; a line is {\"key\":…,\"type\":…,\"value\":…}");
    const std::string* key = nullptr;
    const std::string* type = nullptr;
    const Value* value = nullptr;
    for (const auto& [name, member] : *members) {
        if (name == "key") {
            key = member.get_if<std::string>();
            if (key == nullptr) return invalid("\"key\" is not a text");
        } else if (name == "type") {
            type = member.get_if<std::string>();
            if (type == nullptr) return invalid("\"type\" is not a text");
        } else if (name == "value") {
            value = &member;
        } else {
            return invalid("member " + json_string(std::string_view(name).substr(0, 40)) +
                           " is not known; a line has \"key\", \"type\" and \"value\"");
        }
    }
    if (key == nullptr) return invalid("\"key\" is missing");
    if (type == nullptr) return invalid("\"type\" is missing");
    if (value == nullptr) return invalid("\"value\" is missing");
    const auto known = type_named(*type);
    if (!known)
        return invalid("type " + json_string(std::string_view(*type).substr(0, 40)) +
                       " is not known; it is register, counter, set, map or flag");
    KIGUMI_CHECK(check_shape(*known, *value));
    return Item{line, *key, *known, *value};
}

/// About how much a transaction writes for the item, rather too much than too little: a row repeats
/// its key, and takes its part of the line at most twice.
std::size_t estimate(const Item& item, std::size_t line_bytes) {
    std::size_t rows = 1;
    if (const auto* members = item.value.get_if<Array>(); item.type == Type::kSet)
        rows = members->size();
    if (const auto* fields = item.value.get_if<Object>(); item.type == Type::kMap)
        rows = fields->size();
    return 2 * line_bytes + rows * (2 * item.key.size() + kRowOverhead);
}

Result<void> write_item(WriteTransaction& txn, const Item& item) {
    KIGUMI_CHECK(cli::check_type(txn, item.key, item.type));
    switch (item.type) {
        case Type::kRegister:
            return txn.reg(item.key).assign(item.value);
        case Type::kCounter:
            return txn.counter(item.key).add(*item.value.get_if<std::int64_t>());
        case Type::kSet:
            for (const Value& member : *item.value.get_if<Array>())
                KIGUMI_CHECK(txn.set(item.key).add(member));
            return {};
        case Type::kMap:
            for (const auto& [field, value] : *item.value.get_if<Object>()) {
                KIGUMI_CHECK(cli::check_field_type(txn, item.key, field, Type::kRegister));
                KIGUMI_CHECK(txn.map(item.key).reg(field).assign(value));
            }
            return {};
        case Type::kFlag:
            return *item.value.get_if<bool>() ? txn.flag(item.key).enable()
                                              : txn.flag(item.key).disable();
        case Type::kRequest:
            break;
    }
    return {};
}

/// Reads lines of bounded length.
class LineReader {
  public:
    explicit LineReader(std::istream& in) : in_(in), buffer_(kMaxLoadLine + 2) {}

    /// The next line without its newline, valid until the next call; nothing at the end.
    Result<std::optional<std::string_view>> next() {
        ++line_;
        in_.getline(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
        auto length = static_cast<std::size_t>(in_.gcount());
        if (in_.bad())
            return fail(ErrorCode::kIo, "cannot read the input; check that it is a readable file");
        if (in_.eof() && length == 0) return std::optional<std::string_view>();
        bytes_ += length;
        if (!in_.fail() && !in_.eof()) --length;
        if (length > kMaxLoadLine)
            return invalid("longer than 2 MiB; split its object over several lines");
        return std::optional<std::string_view>({buffer_.data(), length});
    }
    /// The number of the line read last, from 1.
    std::uint64_t line() const { return line_; }
    std::uint64_t bytes() const { return bytes_; }

  private:
    std::istream& in_;
    std::vector<char> buffer_;
    std::uint64_t line_ = 0;
    std::uint64_t bytes_ = 0;
};

/// One run of `load_lines`. The lines of a batch are parsed before its transaction is begun, so
/// that a slow stream keeps no other writer waiting.
class Loader {
  public:
    Loader(Store& store, std::string_view bucket, std::istream& in,
           const std::function<void(const LoadProgress&)>& progress)
        : store_(store), bucket_(bucket), reader_(in), progress_(progress) {}

    Result<std::uint64_t> run() {
        for (;;) {
            auto read = reader_.next();
            if (!read) return at_line(reader_.line(), std::move(read.error()));
            if (!*read) break;
            const std::string_view text = **read;
            if (text.find_first_not_of(" \t\r") == std::string_view::npos) continue;
            auto item = parse(reader_.line(), text);
            if (!item) return at_line(reader_.line(), std::move(item.error()));
            const std::size_t bytes = estimate(*item, text.size());
            if (batch_.size() == kBatchLines || batch_bytes_ + bytes > kBatchBytes)
                KIGUMI_CHECK(commit());
            batch_.push_back(std::move(*item));
            batch_bytes_ += bytes;
        }
        KIGUMI_CHECK(commit());
        return done_.lines;
    }

  private:
    Result<void> commit() {
        if (batch_.empty()) return {};
        auto txn = store_.write(bucket_);
        if (!txn) return at_line(batch_.front().line, std::move(txn.error()));
        for (const Item& item : batch_) {
            auto written = write_item(*txn, item);
            if (!written) return at_line(item.line, std::move(written.error()));
        }
        auto committed = txn->commit();
        if (!committed) return at_line(batch_.front().line, std::move(committed.error()));
        done_.lines += batch_.size();
        done_.bytes = reader_.bytes();
        batch_.clear();
        batch_bytes_ = 0;
        if (progress_) progress_(done_);
        return {};
    }

    /// Where to go on after the cause is removed: nothing of the present batch was kept.
    tl::unexpected<Error> at_line(std::uint64_t line, Error error) const {
        const std::uint64_t first = batch_.empty() ? line : batch_.front().line;
        return fail(error.code, "line " + std::to_string(line) + ": " + error.message + " (" +
                                    std::to_string(done_.lines) +
                                    " lines were loaded before, and nothing from line " +
                                    std::to_string(first) + " on)");
    }

    Store& store_;
    const std::string_view bucket_;
    LineReader reader_;
    const std::function<void(const LoadProgress&)>& progress_;
    std::vector<Item> batch_;
    std::size_t batch_bytes_ = 0;
    LoadProgress done_;
};

}  // namespace

Result<std::uint64_t> load_lines(Store& store, std::string_view bucket, std::istream& in,
                                 const std::function<void(const LoadProgress&)>& progress) {
    return Loader(store, bucket, in, progress).run();
}

}  // namespace kigumi
