#include "process/site.hpp"

#include <algorithm>
#include <fstream>

namespace kigumi {

using std::chrono::seconds;

Site::Site(std::filesystem::path directory)
    : daemon_(std::move(directory)), store_(Store::open(daemon_.data()).value()) {}

void Site::start(const std::vector<std::string>& peers, const std::vector<std::string>& options) {
    ASSERT_TRUE(daemon_.start(peers, {}, options)) << daemon_.process().output();
}

void Site::edit(const std::function<void(kv::WriteTxn&)>& change) {
    while_closed([&change](const std::filesystem::path& directory) {
        const auto env = kv::open_lmdb(directory).value();
        const auto txn = env->begin_write().value();
        change(*txn);
        txn->commit().value();
    });
}

void Site::while_closed(const std::function<void(const std::filesystem::path& directory)>& change) {
    store_.reset();
    change(directory());
    store_ = Store::open(directory()).value();
}

std::uint16_t Site::port() const {
    return static_cast<std::uint16_t>(std::stoi(address().substr(address().rfind(':') + 1)));
}

std::uint64_t Site::peak_memory_kib() {
    std::ifstream status("/proc/" + std::to_string(daemon().pid()) + "/status");
    for (std::string name; status >> name;) {
        std::uint64_t value = 0;
        if (name == "VmHWM:" && status >> value) return value;
    }
    return 0;
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
