#include "signatures.hpp"

#include <sodium/crypto_generichash.h>
#include <sodium/crypto_sign_ed25519.h>
#include <sodium/utils.h>

#include <string>

#include "big_endian.hpp"
#include "codec.hpp"
#include "kigumi/crdt/defect.hpp"
#include "kigumi/crdt/json.hpp"

namespace kigumi {
namespace {

constexpr std::string_view kIdentityContext = "kigumi-id1";
constexpr std::string_view kSignatureContext = "kigumi-sig1";
constexpr std::string_view kHeadContext = "kigumi-head1";
constexpr std::size_t kKeySize = crypto_sign_ed25519_PUBLICKEYBYTES;
static_assert(kKeySize + crypto_sign_ed25519_BYTES == Proof::kSize);
static_assert(SigningKey::kSeedSize == crypto_sign_ed25519_SEEDBYTES);

const unsigned char* raw(std::string_view bytes) {
    return reinterpret_cast<const unsigned char*>(bytes.data());
}

std::string hash(std::string_view bytes) {
    std::string out(crypto_generichash_BYTES, '\0');
    crypto_generichash(reinterpret_cast<unsigned char*>(out.data()), out.size(), raw(bytes),
                       bytes.size(), nullptr, 0);
    return out;
}

ReplicaId identity_of(std::string_view public_key) {
    const std::string whole = hash(std::string(kIdentityContext) + std::string(public_key));
    return *ReplicaId::from_bytes(std::string_view(whole).substr(0, ReplicaId::kSize));
}

void append_sized(std::string& out, std::string_view part) {
    append_u32(out, static_cast<std::uint32_t>(part.size()));
    out += part;
}

std::string signed_text(std::string_view bucket, const RowKey& at, const Write& write) {
    std::string text(kSignatureContext);
    append_sized(text, bucket);
    text += write.dot.origin.bytes();
    append_u64(text, write.dot.counter);
    append_u64(text, write.time.bits);
    append_sized(text, at.key);
    text.push_back(static_cast<char>(at.type));
    append_sized(text, at.path);
    text += hash(content_of(write.payload));
    return text;
}

std::string signed_text(std::string_view bucket, const ReplicaId& origin, std::uint64_t counter,
                        const Head::Hash& hash) {
    std::string text(kHeadContext);
    append_sized(text, bucket);
    text += origin.bytes();
    append_u64(text, counter);
    text.append(hash.begin(), hash.end());
    return text;
}

std::string why(Flaw flaw) {
    switch (flaw) {
        case Flaw::kNone:
            return "";
        case Flaw::kNoProof:
            return "bears no proof; make the bucket signed at its origin as well";
        case Flaw::kKeyOfAnother:
            return "bears the key of another replica; somebody forged it, or its origin has no "
                   "key: make the bucket signed there as well";
        case Flaw::kWrongSignature:
            return "bears a signature that does not fit; somebody forged or altered it";
    }
    return "";
}

}  // namespace

// In rows replicas have numbers, others in each store.
std::string content_of(const Payload& payload) {
    codec::Buffer out;
    out.bytes.push_back(static_cast<char>(payload.index()));
    if (const auto* value = std::get_if<Value>(&payload)) {
        codec::Packer packer(out);
        codec::write_value(packer, *value);
    } else if (const auto* tally = std::get_if<Tally>(&payload)) {
        append_u64(out.bytes, tally->added);
        append_u64(out.bytes, tally->subtracted);
    } else if (const auto* reset = std::get_if<Reset>(&payload)) {
        for (const auto& [origin, seen] : reset->seen) {
            out.bytes += origin.bytes();
            append_u64(out.bytes, seen.added);
            append_u64(out.bytes, seen.subtracted);
        }
    }
    return std::move(out.bytes);
}

SigningKey::SigningKey(const Seed& seed) : seed_(seed) {
    static_assert(sizeof(secret_) == crypto_sign_ed25519_SECRETKEYBYTES);
    crypto_sign_ed25519_seed_keypair(public_.data(), secret_.data(), seed_.data());
}

SigningKey::~SigningKey() {
    sodium_memzero(seed_.data(), seed_.size());
    sodium_memzero(secret_.data(), secret_.size());
}

ReplicaId SigningKey::replica() const {
    return identity_of({reinterpret_cast<const char*>(public_.data()), public_.size()});
}

Proof SigningKey::prove(std::string_view bucket, const RowKey& at, const Write& write) const {
    const std::string text = signed_text(bucket, at, write);
    Proof::Bytes proof{};
    std::copy(public_.begin(), public_.end(), proof.begin());
    crypto_sign_ed25519_detached(proof.data() + kKeySize, nullptr, raw(text), text.size(),
                                 secret_.data());
    return Proof(proof);
}

Head SigningKey::sign(std::string_view bucket, std::uint64_t counter,
                      const Head::Hash& hash) const {
    const std::string text = signed_text(bucket, replica(), counter, hash);
    Proof::Bytes proof{};
    std::copy(public_.begin(), public_.end(), proof.begin());
    crypto_sign_ed25519_detached(proof.data() + kKeySize, nullptr, raw(text), text.size(),
                                 secret_.data());
    return {counter, hash, Proof(proof)};
}

ReplicaId signer_of(const Head& head) {
    return head.proof.empty() ? ReplicaId() : identity_of(head.proof.bytes().substr(0, kKeySize));
}

bool is_sound(std::string_view bucket, const Head& head) {
    if (head.proof.empty() || head.counter == 0) return false;
    const std::string_view key = head.proof.bytes().substr(0, kKeySize);
    const std::string_view signature = head.proof.bytes().substr(kKeySize);
    const std::string text = signed_text(bucket, identity_of(key), head.counter, head.hash);
    return crypto_sign_ed25519_verify_detached(raw(signature), raw(text), text.size(), raw(key)) ==
           0;
}

Flaw flaw_of(std::string_view bucket, const RowKey& at, const Write& write) {
    if (KIGUMI_DEFECT(kProofNotChecked)) return Flaw::kNone;
    if (write.proof.empty()) return Flaw::kNoProof;
    const std::string_view key = write.proof.bytes().substr(0, kKeySize);
    if (identity_of(key) != write.dot.origin) return Flaw::kKeyOfAnother;
    const std::string text = signed_text(bucket, at, write);
    const std::string_view signature = write.proof.bytes().substr(kKeySize);
    const bool fits =
        crypto_sign_ed25519_verify_detached(raw(signature), raw(text), text.size(), raw(key)) == 0;
    return fits ? Flaw::kNone : Flaw::kWrongSignature;
}

ProofDigest proof_digest(std::string_view bucket, const RowKey& at, const Write& write) {
    std::string text = signed_text(bucket, at, write);
    text += write.proof.bytes();
    ProofDigest digest{};
    crypto_generichash(digest.data(), digest.size(), raw(text), text.size(), nullptr, 0);
    return digest;
}

Result<void> check_proof(std::string_view bucket, const RowKey& at, const Write& write) {
    const Flaw flaw = flaw_of(bucket, at, write);
    if (flaw == Flaw::kNone) return {};
    const std::string key = is_utf8(at.key) ? json_string(at.key) : to_json(Value(Bytes{at.key}));
    return fail(ErrorCode::kCorrupt, "in the signed bucket " + json_string(std::string(bucket)) +
                                         " the write " + write.dot.text() + " of row " + key + " " +
                                         std::string(name_of(at.type)) + " " + path_json(at) + " " +
                                         why(flaw));
}

}  // namespace kigumi
