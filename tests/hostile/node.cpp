#include "hostile/node.hpp"

#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "hostile/right.hpp"
#include "http/http_client.hpp"

namespace kigumi::hostile {
namespace {

std::uint64_t peak_kib(pid_t pid) {
    std::ifstream status("/proc/" + std::to_string(pid) + "/status");
    for (std::string name; status >> name;) {
        std::uint64_t value = 0;
        if (name == "VmHWM:" && status >> value) return value;
    }
    return 0;
}

std::uint64_t entries(const std::filesystem::path& directory) {
    std::error_code gone;
    std::uint64_t n = 0;
    for (std::filesystem::directory_iterator it(directory, gone), end; !gone && it != end;
         it.increment(gone))
        ++n;
    return n;
}

std::uint64_t size_of(const std::filesystem::path& file) {
    std::error_code gone;
    const auto size = std::filesystem::file_size(file, gone);
    return gone ? 0 : size;
}

}  // namespace

Node::Node(std::string name, const std::filesystem::path& directory)
    : name_(std::move(name)),
      key_file_(directory / (name_ + ".key")),
      config_(directory / (name_ + ".toml")),
      daemon_(directory / name_) {
    const KeyPair pair = KeyPair::ephemeral().value();
    pair.save(key_file_).value();
    key_text_ = pair.public_key().text();
    store_ = Store::open(daemon_.data()).value();
    store_->sign_bucket(kSigned).value();
    first_replica_ = store_->replica().value();
}

void Node::allow(const std::vector<std::string>& entries) const {
    std::ofstream file(config_);
    file << "[node]\nallow = [";
    // Keys hold no quotes and no backslashes.
    for (const std::string& entry : entries) file << '"' << entry << "\", ";
    file << "]\n";
}

void Node::start(const std::vector<std::string>& peers) {
    if (!daemon_.start(peers, {},
                       {"--key", key_file_.string(), "--config", config_.string(), "--audit-ms",
                        "2000", "--http", "127.0.0.1:*", "--signed", kSigned}))
        throw std::runtime_error("the kigumid of " + name_ + " does not start:\n" +
                                 process().output());
    http_ = process().wait_for_output(" http=");
}

Target Node::target() { return {address(), key_text_, first_replica_, store_.get()}; }

Usage Node::usage() {
    const std::string proc = "/proc/" + std::to_string(process().pid());
    return {peak_kib(process().pid()), entries(proc + "/fd"),
            size_of(daemon_.data().string() + ".log"), size_of(daemon_.data() / "data.mdb")};
}

std::optional<std::uint64_t> Node::longest_turn_ms() const {
    const std::string page = http::get(http_, "/metrics", std::chrono::seconds(5));
    const std::string name = "\nkigumi_loop_longest_turn_seconds ";
    const auto at = page.find(name);
    if (at == std::string::npos) return std::nullopt;
    return static_cast<std::uint64_t>(std::stod(page.substr(at + name.size())) * 1'000 + 0.5);
}

std::optional<std::map<std::string, Node::Opinion>> Node::opinions() const {
    const std::string answer = http::get(http_, "/status.json", std::chrono::seconds(5));
    const auto body = answer.find("\r\n\r\n");
    if (body == std::string::npos) return std::nullopt;
    const auto status = nlohmann::json::parse(answer.substr(body + 4), nullptr, false);
    if (status.is_discarded() || !status.contains("membership") || status["membership"].is_null())
        return std::nullopt;
    std::map<std::string, Opinion> all;
    for (const auto& node : status["membership"]["nodes"])
        all[node["replica"]] = {node["opinion"], node["address"]};
    return all;
}

}  // namespace kigumi::hostile
