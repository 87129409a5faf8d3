#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "kigumi/daemon/backup_manifest.hpp"
#include "kigumi/daemon/time_text.hpp"
#include "kigumi/replication/files.hpp"
#include "target.hpp"

namespace kigumi::backup {
namespace {

using Json = nlohmann::json;

constexpr std::uint64_t kFormat = 1;

Json versions_json(const bundle::Versions& versions) {
    Json buckets = Json::object();
    for (const auto& [bucket, version] : versions) {
        Json vector = Json::object();
        for (const auto& [origin, counter] : version) vector[origin.hex()] = counter;
        buckets[bucket] = std::move(vector);
    }
    return buckets;
}

Json entry_json(const Entry& entry) {
    return {{"number", entry.number},
            {"file", entry.file},
            {"bytes", entry.bytes},
            {"xxh3", entry.checksum},
            {"time_ms", entry.time_ms},
            {"time", iso_time(entry.time_ms)},
            {"source", entry.source.hex()},
            {"previous", entry.previous ? Json(*entry.previous) : Json()},
            {"versions", versions_json(entry.versions)},
            {"rows", entry.rows},
            {"row_bytes", entry.row_bytes}};
}

bool is_hex(std::string_view text, std::size_t digits) {
    return text.size() == digits &&
           text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// Takes members of a JSON object by name, and remembers the first that is not as it has to be.
class Members {
  public:
    explicit Members(const Json& object) : object_(object) {}

    const Json& at(const char* name) {
        static const Json none;  // null
        const auto it = object_.is_object() ? object_.find(name) : object_.end();
        return object_.is_object() && it != object_.end() ? *it : none;
    }
    std::uint64_t number(const char* name) {
        const Json& member = at(name);
        return check(name, member.is_number_unsigned()) ? member.get<std::uint64_t>() : 0;
    }
    std::string text(const char* name) {
        const Json& member = at(name);
        return check(name, member.is_string()) ? member.get<std::string>() : std::string();
    }
    bool check(const char* name, bool good) {
        if (!good && wrong_.empty()) wrong_ = name;
        return good;
    }
    /// The name of the first member that is missing or malformed; empty if all are well.
    const std::string& wrong() const { return wrong_; }

  private:
    const Json& object_;
    std::string wrong_;
};

bool read_versions(const Json& buckets, bundle::Versions& versions) {
    if (!buckets.is_object()) return false;
    for (const auto& [bucket, vector] : buckets.items()) {
        if (!vector.is_object()) return false;
        VersionVector& version = versions[bucket];
        for (const auto& [hex, counter] : vector.items()) {
            const auto origin = ReplicaId::from_hex(hex);
            if (!origin || !counter.is_number_unsigned()) return false;
            version.raise(*origin, counter.get<std::uint64_t>());
        }
    }
    return true;
}

tl::unexpected<Error> malformed(const std::string& what) {
    return fail(ErrorCode::kCorrupt, "the manifest is malformed: " + what);
}

Result<Entry> read_entry(const Json& json, const Manifest& before) {
    Members members(json);
    Entry entry;
    entry.number = members.number("number");
    entry.file = members.text("file");
    members.check("file", is_bundle_name(entry.file));
    entry.bytes = members.number("bytes");
    entry.checksum = members.text("xxh3");
    members.check("xxh3", is_hex(entry.checksum, 16));
    entry.time_ms = members.number("time_ms");
    const auto source = ReplicaId::from_hex(members.text("source"));
    members.check("source", source.has_value());
    if (!members.at("previous").is_null()) entry.previous = members.number("previous");
    members.check("versions", read_versions(members.at("versions"), entry.versions));
    entry.rows = members.number("rows");
    entry.row_bytes = members.number("row_bytes");
    const std::string place = "entry " + std::to_string(before.entries.size() + 1);
    if (!members.wrong().empty()) return malformed(place + ": " + members.wrong());
    entry.source = *source;
    if (entry.number <= (before.entries.empty() ? 0 : before.entries.back().number))
        return malformed(place + ": its number does not follow the one before");
    if (entry.previous && before.find(*entry.previous) == nullptr)
        return malformed(place + ": it builds on backup " + std::to_string(*entry.previous) +
                         ", which is not listed before it");
    return entry;
}

}  // namespace

const Entry* Manifest::find(std::uint64_t number) const {
    const auto at = std::lower_bound(
        entries.begin(), entries.end(), number,
        [](const Entry& entry, std::uint64_t wanted) { return entry.number < wanted; });
    return at == entries.end() || at->number != number ? nullptr : &*at;
}

std::vector<Entry> Manifest::chain(const Entry& last) const {
    std::vector<Entry> all;
    for (const Entry* at = &last; at != nullptr; at = at->previous ? find(*at->previous) : nullptr)
        all.insert(all.begin(), *at);
    return all;
}

std::string to_json(const Manifest& manifest) {
    Json entries = Json::array();
    for (const Entry& entry : manifest.entries) entries.push_back(entry_json(entry));
    const Json json = {{"format", kFormat}, {"target", manifest.target}, {"backups", entries}};
    return json.dump(2) + "\n";
}

Result<Manifest> parse_manifest(std::string_view text) {
    const Json json = Json::parse(text, nullptr, false);
    if (json.is_discarded()) return malformed("it is not JSON");
    Members members(json);
    const std::uint64_t format = members.number("format");
    if (members.wrong().empty() && format != kFormat)
        return fail(ErrorCode::kUnsupported, "the manifest has format " + std::to_string(format) +
                                                 " and this version reads format " +
                                                 std::to_string(kFormat) +
                                                 "; use the version that wrote it");
    Manifest manifest;
    manifest.target = members.text("target");
    members.check("target", is_hex(manifest.target, 32));
    const Json& backups = members.at("backups");
    members.check("backups", backups.is_array());
    if (!members.wrong().empty()) return malformed(members.wrong());
    std::set<std::string> files;
    for (const Json& one : backups) {
        KIGUMI_TRY(Entry entry, read_entry(one, manifest));
        if (!files.insert(entry.file).second) return malformed("two backups in " + entry.file);
        manifest.entries.push_back(std::move(entry));
    }
    return manifest;
}

Result<Manifest> read_manifest(const std::filesystem::path& directory) {
    const auto path = directory / kManifestName;
    auto text = files::read_text(path);
    if (!text && text.error().code == ErrorCode::kNotFound)
        return fail(ErrorCode::kNotFound, "there are no backups in " + directory.string() +
                                              ": it has no " + kManifestName);
    if (!text) return tl::unexpected<Error>(text.error());
    auto manifest = parse_manifest(*text);
    if (!manifest) manifest.error().message = path.string() + ": " + manifest.error().message;
    return manifest;
}

}  // namespace kigumi::backup
