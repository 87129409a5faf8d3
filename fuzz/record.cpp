#include "check.hpp"
#include "input.hpp"
#include "row_record.hpp"

/// Stored rows that are damaged but for their checksum, which the harness sets right so that the
/// inside is reached: [number of origins, length of the key, key, body].
namespace kigumi::fuzz {
namespace {

/// Replicas 1 to n, under the numbers 0 to n-1.
class Origins : public codec::OriginNames, public codec::OriginNumbers {
  public:
    explicit Origins(std::uint8_t count) {
        for (std::uint8_t i = 0; i < count; ++i) {
            ReplicaId::Bytes bytes{};
            bytes.back() = static_cast<std::uint8_t>(i + 1);
            names_.emplace_back(bytes);
        }
    }
    const ReplicaId* name_of(std::uint64_t number) const override {
        return number < names_.size() ? &names_[number] : nullptr;
    }
    std::uint64_t number_of(const ReplicaId& origin) override {
        return std::uint64_t{static_cast<std::uint8_t>(origin.bytes().back())} - 1;
    }

  private:
    std::vector<ReplicaId> names_;
};

void check_round_trip(std::string_view key, bool shortened, const KeyedRow& keyed,
                      Origins& origins) {
    const std::string record = encode_record(key, shortened, keyed.at, keyed.row, origins);
    const auto again = decode_record(key, record, origins);
    require(again.has_value(), "the record that is written can be read");
    require(*again == keyed, "a record survives a round trip");
    require(encode_record(key, shortened, again->at, again->row, origins) == record,
            "the form of a record is canonical");
}

void run(std::string_view bytes) {
    Input input(bytes);
    Origins origins(input.byte());
    const std::string_view key = input.take(input.number(2));
    const std::string_view body = input.rest();
    const std::string record = record_checksum(key, body).append(body);
    const auto keyed = decode_record(key, record, origins);
    if (!keyed) return;
    check_round_trip(key, true, *keyed, origins);
    // A name that may be written has a key of its own, from which it comes back.
    if (!check_row_key(keyed->at)) return;
    const StoreKey own = store_key(keyed->at);
    require(object_prefix(own.bytes) <= own.bytes.size(), "a prefix lies inside its key");
    check_round_trip(own.bytes, own.shortened, *keyed, origins);
}

}  // namespace
}  // namespace kigumi::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    kigumi::fuzz::run(kigumi::fuzz::as_text(data, size));
    return 0;
}
