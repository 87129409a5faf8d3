#include "kigumi/replication/session_token.hpp"

#include <sodium/utils.h>
#include <xxhash.h>

#include "big_endian.hpp"
#include "codec.hpp"

namespace kigumi {
namespace {

constexpr std::string_view kPrefix = "kigumi1.";
constexpr std::string_view kAnyPrefix = "kigumi";
constexpr std::size_t kChecksumBytes = 4;
constexpr int kAlphabet = sodium_base64_VARIANT_URLSAFE_NO_PADDING;

std::string checksum(std::string_view body) {
    std::string bytes;
    append_u32(bytes, static_cast<std::uint32_t>(XXH3_64bits(body.data(), body.size())));
    return bytes;
}

tl::unexpected<Error> no_token(const std::string& why) {
    return fail(ErrorCode::kInvalidArgument,
                "this is no session token (" + why + "); pass one as it was given out, or none");
}

Result<std::string> from_base64(std::string_view text) {
    std::string bytes(text.size(), '\0');
    std::size_t size = 0;
    const char* end = nullptr;
    if (sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(),
                          text.size(), nullptr, &size, &end, kAlphabet) != 0 ||
        end != text.data() + text.size())
        return no_token("it holds other characters than letters, digits, - and _");
    bytes.resize(size);
    return bytes;
}

}  // namespace

const VersionVector& SessionToken::version(const std::string& bucket) const {
    static const VersionVector kNone;
    const auto it = versions_.find(bucket);
    return it == versions_.end() ? kNone : it->second;
}

void SessionToken::observe(const std::string& bucket, const VersionVector& version) {
    if (!version.empty()) versions_[bucket].merge(version);
}

void SessionToken::merge(const SessionToken& other) {
    for (const auto& [bucket, version] : other.versions_) observe(bucket, version);
}

std::string SessionToken::text() const {
    codec::Buffer out;
    codec::Packer packer(out);
    packer.pack_map(static_cast<std::uint32_t>(versions_.size()));
    for (const auto& [bucket, version] : versions_) {
        codec::pack_text(packer, bucket);
        codec::write_vector(packer, version);
    }
    const std::string bytes = checksum(out.bytes) + out.bytes;
    std::string text(sodium_base64_encoded_len(bytes.size(), kAlphabet), '\0');
    sodium_bin2base64(text.data(), text.size(),
                      reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                      kAlphabet);
    text.pop_back();  // the terminating zero
    return std::string(kPrefix) + text;
}

Result<SessionToken> SessionToken::parse(std::string_view text) {
    if (text.size() > kMaxTextBytes) return no_token("it is longer than 4 MiB");
    if (!text.starts_with(kPrefix)) {
        const std::size_t dot = text.find('.');
        if (text.starts_with(kAnyPrefix) && dot != std::string_view::npos && dot <= 16)
            return fail(ErrorCode::kUnsupported, "the session token is of another version (" +
                                                     std::string(text.substr(0, dot)) +
                                                     "); begin a new session");
        return no_token("it does not begin with " + std::string(kPrefix));
    }
    KIGUMI_TRY(const std::string bytes, from_base64(text.substr(kPrefix.size())));
    const std::string_view body =
        std::string_view(bytes).substr(std::min(bytes.size(), kChecksumBytes));
    if (checksum(body) != std::string_view(bytes).substr(0, kChecksumBytes))
        return no_token("a part of it is missing or was changed");
    KIGUMI_TRY(MsgpackReader reader, MsgpackReader::parse(body));
    SessionToken token;
    const std::string* last = nullptr;
    for (std::uint32_t left = reader.map(); left > 0 && reader.ok(); --left) {
        std::string bucket(reader.text());
        const VersionVector version = codec::read_vector(reader);
        if (bucket.empty() || version.empty() || (last != nullptr && bucket <= *last))
            reader.reject();
        const auto added = token.versions_.emplace(std::move(bucket), version);
        last = &added.first->first;
    }
    if (!reader.finish("a session token")) return no_token("what it says makes no sense");
    return token;
}

}  // namespace kigumi
