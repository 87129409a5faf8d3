#include "kigumi/daemon/keys.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>

#include "kigumi/replication/files.hpp"

namespace kigumi {
namespace {

constexpr std::string_view kHeading = "kigumi-key 1";
constexpr std::size_t kMaxFileBytes = 4'096;

tl::unexpected<Error> io_error(const char* what, const std::filesystem::path& file) {
    return fail(ErrorCode::kIo, std::string("cannot ") + what + " the key file " + file.string() +
                                    ": " + std::strerror(errno));
}

tl::unexpected<Error> no_key_file(const std::filesystem::path& file) {
    return fail(ErrorCode::kInvalidArgument,
                file.string() + " is no key file; make one with: kigumi keygen FILE");
}

/// What no shell, systemd unit or option parser gives a meaning to.
bool is_plain(std::string_view key) {
    constexpr std::string_view kHarmless = ".-+/:^";
    const auto alphanumeric = [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0;
    };
    return alphanumeric(key.front()) && std::all_of(key.begin(), key.end(), [&](char c) {
               return alphanumeric(c) || kHarmless.find(c) != kHarmless.npos;
           });
}

/// Wipes a text that held a secret.
struct Wiped {
    std::string text;
    ~Wiped() { explicit_bzero(text.data(), text.size()); }
};

}  // namespace

Result<PublicKey> PublicKey::parse(std::string_view text) {
    std::array<std::uint8_t, kBytes> bytes{};
    const std::string whole(text);
    if (whole.size() != kText || whole.find('\0') != whole.npos ||
        zmq_z85_decode(bytes.data(), whole.c_str()) == nullptr)
        return fail(ErrorCode::kInvalidArgument,
                    "\"" + whole +
                        "\" is no public key; it has 40 characters, as kigumi keygen prints them "
                        "(in a shell, put it in single quotes)");
    return PublicKey(whole);
}

Result<KeyPair> KeyPair::generate() {
    for (;;) {
        KIGUMI_TRY(KeyPair pair, ephemeral());
        if (is_plain(pair.public_key().text())) return pair;
    }
}

Result<KeyPair> KeyPair::ephemeral() {
    std::array<char, PublicKey::kText + 1> text{};
    Secret secret{};
    if (zmq_curve_keypair(text.data(), secret.data()) != 0)
        return fail(ErrorCode::kUnsupported, "this ZeroMQ library was built without CURVE");
    KIGUMI_TRY(PublicKey public_key, PublicKey::parse({text.data(), PublicKey::kText}));
    KeyPair pair(std::move(public_key), secret);
    explicit_bzero(secret.data(), secret.size());
    return pair;
}

Result<KeyPair> KeyPair::load(const std::filesystem::path& file) {
    const files::Descriptor in(open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (in.get() < 0) return io_error("open", file);
    struct stat status {};
    if (fstat(in.get(), &status) != 0) return io_error("read", file);
    if (!S_ISREG(status.st_mode)) return no_key_file(file);
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return fail(ErrorCode::kInvalidArgument, "the key file " + file.string() +
                                                     " is open to other users; run: chmod 600 " +
                                                     file.string());
    Wiped content{std::string(kMaxFileBytes, '\0')};
    const ssize_t size = read(in.get(), content.text.data(), kMaxFileBytes);
    if (size < 0) return io_error("read", file);
    const std::string_view text(content.text.data(), static_cast<std::size_t>(size));

    // Three lines of fixed length: see docs/format/key.md.
    constexpr std::string_view kPublic = "public ";
    constexpr std::string_view kSecret = "secret ";
    const std::size_t public_at = kHeading.size() + 1 + kPublic.size();
    const std::size_t secret_at = public_at + PublicKey::kText + 1 + kSecret.size();
    const std::size_t end = secret_at + PublicKey::kText + 1;
    if (text.size() != end || !text.starts_with(kHeading) ||
        text.substr(kHeading.size() + 1, kPublic.size()) != kPublic ||
        text.substr(public_at + PublicKey::kText + 1, kSecret.size()) != kSecret ||
        text[public_at - kPublic.size() - 1] != '\n' ||
        text[public_at + PublicKey::kText] != '\n' || text.back() != '\n')
        return no_key_file(file);
    KIGUMI_TRY(PublicKey public_key, PublicKey::parse(text.substr(public_at, PublicKey::kText)));
    Secret secret{};
    std::copy_n(text.data() + secret_at, PublicKey::kText, secret.data());
    KeyPair pair(std::move(public_key), secret);
    explicit_bzero(secret.data(), secret.size());
    std::array<char, PublicKey::kText + 1> derived{};
    if (zmq_curve_public(derived.data(), pair.secret()) != 0 ||
        pair.public_.text() != derived.data())
        return fail(ErrorCode::kInvalidArgument,
                    "the two keys in " + file.string() +
                        " do not belong together; make a new file with: kigumi keygen FILE");
    return pair;
}

Result<void> KeyPair::save(const std::filesystem::path& file) const {
    const files::Descriptor out(
        open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, files::kOwnerOnly));
    if (out.get() < 0 && errno == EEXIST)
        return fail(ErrorCode::kInvalidArgument,
                    file.string() +
                        " exists, and a key is never overwritten: a node that lost its key is a "
                        "stranger to its peers; choose another name");
    if (out.get() < 0) return io_error("create", file);
    Wiped content;
    content.text.reserve(256);
    content.text.append(kHeading)
        .append("\npublic ")
        .append(public_.text())
        .append("\nsecret ")
        .append(secret_.data())
        .append("\n");
    auto written = files::write(out, content.text, file);
    if (written && fsync(out.get()) != 0) written = io_error("write", file);
    if (written) written = files::sync_directory(file.parent_path());
    if (!written) unlink(file.c_str());
    return written;
}

KeyPair::KeyPair(KeyPair&& other) noexcept
    : public_(std::move(other.public_)), secret_(other.secret_) {
    explicit_bzero(other.secret_.data(), other.secret_.size());
}

KeyPair::~KeyPair() { explicit_bzero(secret_.data(), secret_.size()); }

}  // namespace kigumi
