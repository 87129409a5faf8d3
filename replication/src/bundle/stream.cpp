#include "stream.hpp"

#include <algorithm>

#include "../big_endian.hpp"
#include "../row_record.hpp"

namespace kigumi::bundle {
namespace {

/// LMDB's keys end at 511 bytes.
constexpr std::size_t kMaxPlace = 511;
constexpr std::size_t kMaxHead = std::size_t{64} << 20;
/// A row holds siblings of 1 MiB each, as many as there are masters.
constexpr std::size_t kMaxRecord = std::size_t{256} << 20;
constexpr std::uint64_t kToldEveryBytes = std::uint64_t{4} << 20;

void write_id(codec::Packer& packer, const ReplicaId& id) { codec::pack_bytes(packer, id.bytes()); }

}  // namespace

Result<StreamWriter> StreamWriter::create(const std::filesystem::path& file,
                                          const ReplicaId& source, std::uint64_t time_ms,
                                          Format format) {
    KIGUMI_TRY(auto out, BlockWriter::create(file, format));
    StreamWriter writer(std::move(out));
    writer.summary_.file = file;
    writer.summary_.source = source;
    writer.summary_.time_ms = time_ms;
    codec::Buffer head;
    codec::Packer packer(head);
    packer.pack_array(2);
    write_id(packer, source);
    packer.pack_uint64(time_ms);
    KIGUMI_CHECK(writer.sized(head.bytes));
    return writer;
}

Result<void> StreamWriter::sized(std::string_view bytes) {
    std::string size;
    append_u32(size, static_cast<std::uint32_t>(bytes.size()));
    KIGUMI_CHECK(out_->write(size));
    return out_->write(bytes);
}

Result<void> StreamWriter::bucket(const Cut& cut, const Origins& origins) {
    summary_.cuts.push_back(cut);
    codec::Buffer head;
    codec::Packer packer(head);
    packer.pack_array(5);
    codec::pack_text(packer, cut.bucket);
    codec::write_vector(packer, cut.base);
    codec::write_vector(packer, cut.version);
    codec::write_vector(packer, cut.floor);
    packer.pack_array(static_cast<std::uint32_t>(origins.names().size()));
    for (const ReplicaId& id : origins.names()) write_id(packer, id);
    KIGUMI_CHECK(out_->write(std::string(1, static_cast<char>(Item::kBucket))));
    return sized(head.bytes);
}

Result<void> StreamWriter::row(std::string_view place, std::string_view record) {
    if (record.size() > kMaxRecord)
        return fail(ErrorCode::kFull, "a row takes more than 256 MiB; resolve its siblings first");
    ++summary_.rows;
    ++summary_.cuts.back().rows;
    summary_.row_bytes += place.size() + record.size();
    std::string head(1, static_cast<char>(Item::kRow));
    append_u32(head, static_cast<std::uint32_t>(place.size()));
    append_u32(head, static_cast<std::uint32_t>(record.size()));
    KIGUMI_CHECK(out_->write(head));
    KIGUMI_CHECK(out_->write(place));
    return out_->write(record);
}

Result<void> StreamWriter::log_entry(std::uint32_t origin, std::uint64_t counter,
                                     std::string_view place) {
    std::string entry(1, static_cast<char>(Item::kLog));
    append_u32(entry, origin);
    append_u64(entry, counter);
    append_u32(entry, static_cast<std::uint32_t>(place.size()));
    entry += place;
    return out_->write(entry);
}

Result<Summary> StreamWriter::finish() {
    std::string end(1, static_cast<char>(Item::kEnd));
    append_u64(end, summary_.rows);
    append_u64(end, summary_.row_bytes);
    KIGUMI_CHECK(out_->write(end));
    KIGUMI_TRY(summary_.file_bytes, out_->seal());
    summary_.checksum = out_->checksum();
    KIGUMI_CHECK(read_back());
    KIGUMI_CHECK(out_->publish());
    return summary_;
}

Result<void> StreamWriter::read_back() const {
    const auto read = verify(out_->unfinished());
    if (read && read->checksum == summary_.checksum && read->rows == summary_.rows) return {};
    return fail(ErrorCode::kCorrupt,
                summary_.file.string() + " was not written, because it could not be read back: " +
                    (read ? "it does not hold what was written to it; check the disk"
                          : read.error().message +
                                "; if the disk is sound the store is not: kigumi check tells"));
}

Result<StreamReader> StreamReader::open(const std::filesystem::path& file, Progress progress) {
    KIGUMI_TRY(auto in, BlockReader::open(file));
    StreamReader reader(std::move(in), std::move(progress));
    reader.summary_.file = file;
    reader.summary_.file_bytes = reader.in_->file_bytes();
    KIGUMI_TRY(const std::string_view head, reader.sized(kMaxHead));
    KIGUMI_TRY(MsgpackReader fields, MsgpackReader::parse(head));
    fields.array_of(2);
    reader.summary_.source = codec::read_replica(fields);
    reader.summary_.time_ms = fields.uint();
    if (!fields.finish("head")) return reader.damaged("has a malformed head");
    return reader;
}

Result<std::string_view> StreamReader::sized(std::size_t limit) {
    KIGUMI_TRY(const std::string_view size, in_->take(4));
    const std::uint32_t bytes = read_u32(size);
    if (bytes > limit) return damaged("has a head of an impossible size");
    return in_->take(bytes);
}

void StreamReader::tell() {
    if (!progress_ || in_->offset() < told_) return;
    progress_(in_->offset(), in_->file_bytes());
    told_ = in_->offset() + kToldEveryBytes;
}

Result<StreamReader> StreamReader::open_at(const std::filesystem::path& file,
                                           std::string_view bucket) {
    KIGUMI_TRY(StreamReader in, open(file));
    for (;;) {
        KIGUMI_TRY(const Item item, in.next());
        if (item == Item::kBucket && in.cut().bucket == bucket) return in;
        if (item == Item::kEnd)
            return fail(ErrorCode::kNotFound,
                        file.string() + " has no bucket " + std::string(bucket));
    }
}

Result<Item> StreamReader::next() {
    tell();
    KIGUMI_TRY(const std::string_view tag, in_->take(1));
    const auto item = static_cast<Item>(tag.front());
    const bool begun = !summary_.cuts.empty();
    switch (item) {
        case Item::kBucket:
            KIGUMI_CHECK(read_bucket());
            break;
        case Item::kRow:
            if (!begun || last_ == Item::kLog) return damaged("has a row out of place");
            KIGUMI_CHECK(read_row());
            break;
        case Item::kLog:
            if (!begun || !cut().full()) return damaged("has a log entry out of place");
            KIGUMI_CHECK(read_entry());
            break;
        case Item::kEnd:
            KIGUMI_CHECK(read_end());
            break;
        default:
            return damaged("has an item that this version does not know");
    }
    last_ = item;
    return item;
}

Result<void> StreamReader::read_bucket() {
    KIGUMI_TRY(const std::string_view head, sized(kMaxHead));
    KIGUMI_TRY(MsgpackReader fields, MsgpackReader::parse(head));
    Cut cut;
    fields.array_of(5);
    cut.bucket = fields.text();
    cut.base = codec::read_vector(fields);
    cut.version = codec::read_vector(fields);
    cut.floor = codec::read_vector(fields);
    std::vector<ReplicaId> names;
    for (std::uint32_t i = fields.array(); i > 0 && fields.ok(); --i)
        names.push_back(codec::read_replica(fields));
    if (!fields.finish("head") || !cut.version.covers(cut.base))
        return damaged("has a malformed bucket");
    if (!cut.version.covers(cut.floor))
        return damaged("has a bucket, " + cut.bucket +
                       ", whose floor is above its version: the store that wrote it had been "
                       "given a false floor; run kigumi check --repair there and write it anew");
    // In order of the names, so that each is there once.
    if (!summary_.cuts.empty() && cut.bucket <= summary_.cuts.back().bucket)
        return damaged("has its buckets out of order");
    summary_.cuts.push_back(std::move(cut));
    origins_ = Origins(std::move(names));
    last_place_.clear();
    return {};
}

Result<void> StreamReader::read_row() {
    KIGUMI_TRY(const std::string_view sizes, in_->take(8));
    const std::size_t place = read_u32(sizes);
    const std::size_t record = read_u32(sizes.substr(4));
    if (place == 0 || place > kMaxPlace || record > kMaxRecord)
        return damaged("has a row of an impossible size");
    KIGUMI_TRY(const std::string_view bytes, in_->take(place + record));
    place_ = bytes.substr(0, place);
    record_ = bytes.substr(place);
    if (cut().full()) {
        if (place_ <= last_place_) return damaged("has its rows out of order");
        last_place_ = place_;
    }
    ++summary_.rows;
    ++summary_.cuts.back().rows;
    summary_.row_bytes += bytes.size();
    return {};
}

Result<void> StreamReader::read_entry() {
    KIGUMI_TRY(const std::string_view head, in_->take(16));
    origin_ = read_u32(head);
    counter_ = read_u64(head.substr(4));
    const std::size_t place = read_u32(head.substr(12));
    if (place == 0 || place > kMaxPlace || origins_.name_of(origin_) == nullptr)
        return damaged("has a malformed log entry");
    KIGUMI_TRY(place_, in_->take(place));
    return {};
}

Result<void> StreamReader::read_end() {
    KIGUMI_TRY(const std::string_view counts, in_->take(16));
    if (read_u64(counts) != summary_.rows || read_u64(counts.substr(8)) != summary_.row_bytes)
        return damaged("does not hold what it says at its end");
    KIGUMI_TRY(const bool end, in_->at_end());
    if (!end) return damaged("goes on behind its end");
    summary_.checksum = in_->checksum();
    if (progress_) progress_(in_->file_bytes(), in_->file_bytes());
    return {};
}

Result<KeyedRow> StreamReader::row(codec::Values values) const {
    auto keyed = decode_record(place_, record_, origins_, values);
    if (!keyed) return damaged("has a row that does not check out");
    const auto known = [this](const Write& write) { return cut().version.covers(write.dot); };
    if (keyed->row.empty() || !codec::check_row(keyed->at, keyed->row) ||
        store_key(keyed->at).bytes != place_ ||
        !std::all_of(keyed->row.begin(), keyed->row.end(), known))
        return damaged("has a row that no replica can have written");
    return keyed;
}

}  // namespace kigumi::bundle
