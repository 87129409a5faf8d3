#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "kigumi/replication/store.hpp"
#include "process/process.hpp"

namespace kigumi {

/// A fresh directory that goes away with its object.
class Scratch {
  public:
    Scratch();
    ~Scratch();
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

/// The arguments that make kigumid serve a directory.
std::vector<std::string> kigumid_command(const std::filesystem::path& data,
                                         const std::string& listen,
                                         const std::vector<std::string>& peers = {});

/// A node: a data directory, a kigumid on it, and the test as an application beside that.
class Site {
  public:
    explicit Site(std::filesystem::path directory);

    /// Starts kigumid. The port is the system's choice at first and stays the same from then on.
    void start(const std::vector<std::string>& peers = {});
    Process& daemon() { return *daemon_; }
    const std::filesystem::path& directory() const { return directory_; }
    /// Where kigumid listens: `127.0.0.1:PORT`.
    const std::string& address() const { return address_; }
    std::uint16_t port() const;

    Store& store() { return *store_; }
    VersionVector version() { return store_->read()->version(); }
    /// All rows that are not merely removed.
    std::vector<KeyedRow> rows();

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
    std::filesystem::path directory_;
    std::unique_ptr<Store> store_;
    std::unique_ptr<Process> daemon_;
    std::string address_ = "127.0.0.1:*";
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

    Scratch scratch_;
    std::deque<Site> sites_;
};

}  // namespace kigumi
