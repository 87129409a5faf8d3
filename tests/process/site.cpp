#include "process/site.hpp"

#include <stdlib.h>

#include <algorithm>

namespace kigumi {

using std::chrono::seconds;

Scratch::Scratch() {
    std::string name = (std::filesystem::temp_directory_path() / "kigumi-process-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) ADD_FAILURE() << "cannot make " << name;
    path_ = name;
}

Scratch::~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::vector<std::string> kigumid_command(const std::filesystem::path& data,
                                         const std::string& listen,
                                         const std::vector<std::string>& peers) {
    std::vector<std::string> command = {KIGUMID,    "--data", data.string(),
                                        "--listen", listen,   "--insecure"};
    for (const std::string& peer : peers) command.insert(command.end(), {"--peer", peer});
    return command;
}

Site::Site(std::filesystem::path directory)
    : directory_(std::move(directory)), store_(Store::open(directory_).value()) {}

void Site::start(const std::vector<std::string>& peers) {
    const std::string mark = " listen=tcp://";
    const std::filesystem::path log = directory_.string() + ".log";
    // What an earlier run logged must not be taken for the start of this one.
    if (daemon_) std::filesystem::rename(log, log.string() + ".before");
    daemon_ = std::make_unique<Process>(kigumid_command(directory_, address_, peers), log);
    address_ = daemon_->wait_for_output(mark);
    ASSERT_NE(address_, "") << daemon_->output();
}

std::uint16_t Site::port() const {
    return static_cast<std::uint16_t>(std::stoi(address_.substr(address_.rfind(':') + 1)));
}

std::vector<KeyedRow> Site::rows() {
    std::vector<KeyedRow> all;
    store_->read()
        ->scan({},
               [&all](const RowKey& at, const Row& row) {
                   if (!row.removed()) all.push_back({at, row});
                   return true;
               })
        .value();
    return all;
}

void Site::assign(const std::string& key, const Value& value) {
    auto txn = store_->write().value();
    txn.reg(key).assign(value).value();
    txn.commit().value();
}

std::string Site::get(const std::string& key) {
    auto txn = store_->read().value();
    const auto value = txn.reg(key).get().value();
    const auto* text = value ? value->get_if<std::string>() : nullptr;
    return text != nullptr ? *text : "";
}

std::size_t Site::siblings(const std::string& key) {
    auto txn = store_->read().value();
    return txn.reg(key).siblings().value().size();
}

void Site::add(const std::string& key, const Value& member) {
    auto txn = store_->write().value();
    txn.set(key).add(member).value();
    txn.commit().value();
}

void Site::remove(const std::string& key, const Value& member) {
    auto txn = store_->write().value();
    txn.set(key).erase(member).value();
    txn.commit().value();
}

bool Site::contains(const std::string& key, const Value& member) {
    auto txn = store_->read().value();
    return txn.set(key).contains(member).value();
}

std::size_t Site::size(const std::string& key) {
    auto txn = store_->read().value();
    return txn.set(key).size().value();
}

void Site::increment(const std::string& key, std::int64_t amount) {
    auto txn = store_->write().value();
    txn.counter(key).add(amount).value();
    txn.commit().value();
}

std::int64_t Site::count(const std::string& key) {
    auto txn = store_->read().value();
    return txn.counter(key).value().value();
}

Site& ProcessTest::make_site() {
    const char name = static_cast<char>('a' + sites_.size());
    return sites_.emplace_back(scratch_.path() / std::string(1, name));
}

void ProcessTest::make_mesh() {
    std::vector<std::string> earlier;
    for (int i = 0; i < 3; ++i) {
        Site& site = make_site();
        site.start(earlier);
        earlier.push_back(site.address());
    }
}

void ProcessTest::expect_converged(seconds limit) {
    std::vector<Site*> all;
    for (Site& site : sites_) all.push_back(&site);
    expect_converged(all, limit);
}

void ProcessTest::expect_converged(const std::vector<Site*>& sites, seconds limit) {
    const bool equal = eventually(limit, [&sites] {
        const VersionVector version = sites[0]->version();
        return std::all_of(sites.begin(), sites.end(),
                           [&version](Site* site) { return site->version() == version; });
    });
    for (Site* const site : sites) {
        EXPECT_TRUE(equal) << "no convergence; log of " << site->directory() << ":\n"
                           << (site->daemon().output());
        EXPECT_TRUE(site->rows() == sites[0]->rows())
            << "equal vectors, other rows: " << site->directory();
    }
}

}  // namespace kigumi
