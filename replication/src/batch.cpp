#include "kigumi/replication/batch.hpp"

#include <boost/container/flat_map.hpp>

#include "codec.hpp"

namespace kigumi {
namespace {

/// A batch of rows as small as they get has these in 2 MiB. In memory it takes some 40 MiB then.
constexpr std::uint64_t kMaxBatchElements = std::uint64_t{1} << 20;

class BatchOrigins : public codec::OriginNumbers, public codec::OriginNames {
  public:
    std::uint64_t number_of(const ReplicaId& origin) override {
        const auto [it, added] = numbers_.emplace(origin, names.size());
        if (added) names.push_back(origin);
        return it->second;
    }
    const ReplicaId* name_of(std::uint64_t number) const override {
        return number < names.size() ? &names[number] : nullptr;
    }

    std::vector<ReplicaId> names;

  private:
    boost::container::flat_map<ReplicaId, std::uint64_t> numbers_;
};

}  // namespace

struct BatchWriter::State {
    BatchOrigins origins;
    codec::Buffer body;
    std::size_t rows = 0;
};

BatchWriter::BatchWriter() : state_(std::make_unique<State>()) {}
BatchWriter::~BatchWriter() = default;

void BatchWriter::add(const KeyedRow& keyed) {
    codec::Packer packer(state_->body);
    packer.pack_array(4);
    codec::pack_bytes(packer, keyed.at.key);
    packer.pack_uint8(static_cast<std::uint8_t>(keyed.at.type));
    codec::pack_bytes(packer, keyed.at.path);
    codec::write_row(packer, keyed.row, state_->origins);
    ++state_->rows;
}

std::size_t BatchWriter::rows() const { return state_->rows; }

std::size_t BatchWriter::bytes() const {
    return state_->body.bytes.size() + state_->origins.names.size() * (ReplicaId::kSize + 2);
}

std::string BatchWriter::finish() {
    // The table of origins is complete only now, and it has to come first.
    codec::Buffer out;
    codec::Packer packer(out);
    packer.pack_array(2);
    packer.pack_array(static_cast<std::uint32_t>(state_->origins.names.size()));
    for (const ReplicaId& name : state_->origins.names) codec::pack_bytes(packer, name.bytes());
    packer.pack_array(static_cast<std::uint32_t>(state_->rows));
    out.bytes += state_->body.bytes;
    state_ = std::make_unique<State>();
    return std::move(out.bytes);
}

std::string encode_batch(const std::vector<KeyedRow>& rows) {
    BatchWriter writer;
    for (const KeyedRow& keyed : rows) writer.add(keyed);
    return writer.finish();
}

Result<std::vector<KeyedRow>> decode_batch(std::string_view bytes) {
    KIGUMI_TRY(MsgpackReader reader, MsgpackReader::parse(bytes, kMaxBatchElements));
    reader.array_of(2);
    BatchOrigins origins;
    for (std::uint32_t left = reader.array(); left > 0 && reader.ok(); --left)
        origins.names.push_back(codec::read_replica(reader));
    std::vector<KeyedRow> rows;
    for (std::uint32_t left = reader.array(); left > 0 && reader.ok(); --left) {
        reader.array_of(4);
        KeyedRow& keyed = rows.emplace_back();
        keyed.at.key = reader.bytes();
        const auto type = type_of(reader.uint());
        if (!type) reader.reject();
        keyed.at.type = type.value_or(Type::kRegister);
        keyed.at.path = reader.bytes();
        keyed.row = codec::read_row(reader, origins);
        if (keyed.row.empty()) reader.reject();
    }
    KIGUMI_CHECK(reader.finish("a batch of rows"));
    for (const auto& [at, row] : rows) KIGUMI_CHECK(codec::check_row(at, row));
    return rows;
}

}  // namespace kigumi
