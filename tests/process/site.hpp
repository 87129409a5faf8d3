#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "kigumi/replication/store.hpp"
#include "support/daemon.hpp"
#include "support/present_rows.hpp"
#include "support/temp_directory.hpp"

namespace kigumi {

/// A node: a data directory, a kigumid on it, and the test as an application beside that.
class Site {
  public:
    explicit Site(std::filesystem::path directory);

    /// Starts kigumid. The port is the system's choice at first and stays the same from then on.
    void start(const std::vector<std::string>& peers = {},
               const std::vector<std::string>& options = {});
    Process& daemon() { return daemon_.process(); }
    const std::filesystem::path& directory() const { return daemon_.data(); }
    /// Where kigumid listens: `127.0.0.1:PORT`.
    const std::string& address() const { return daemon_.address(); }
    std::uint16_t port() const;
    /// The most memory that kigumid has used.
    std::uint64_t peak_memory_kib();

    /// Changes the tables behind the store's back. kigumid must not run.
    void edit(const std::function<void(kv::WriteTxn&)>& change);
    /// Does something to the files while no process has them open. kigumid must not run.
    void while_closed(const std::function<void(const std::filesystem::path& directory)>& change);

    Store& store() { return *store_; }
    VersionVector version() { return store_->read()->version(); }
    std::vector<KeyedRow> rows() { return present_rows(*store_); }

    void assign(const std::string& key, const Value& value);
    std::string get(const std::string& key);
    std::size_t siblings(const std::string& key);
    void add(const std::string& key, const Value& member);
    void remove(const std::string& key, const Value& member);
    bool contains(const std::string& key, const Value& member);
    std::size_t size(const std::string& key);
    void increment(const std::string& key, std::int64_t amount);
    std::int64_t count(const std::string& key);

  private:
    Daemon daemon_;
    std::unique_ptr<Store> store_;
};

/// Sites in one scratch directory.
class ProcessTest : public testing::Test {
  protected:
    Site& make_site();
    /// Three sites that run, each connected to both others.
    void make_mesh();
    void expect_converged(std::chrono::seconds limit = std::chrono::seconds(15));
    /// The same of some of the sites.
    void expect_converged(const std::vector<Site*>& sites, std::chrono::seconds limit);

    TempDirectory scratch_;
    std::deque<Site> sites_;
};

}  // namespace kigumi
