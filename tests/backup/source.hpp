#pragma once

#include "crdt/workloads.hpp"
#include "kigumi/daemon/backup.hpp"
#include "kigumi/daemon/restore.hpp"
#include "kigumi/replication/memory_env.hpp"
#include "support/temp_directory.hpp"

namespace kigumi::backup {

/// A store in memory whose clock goes on by a minute with each step, and a target to back it up to.
class Source {
  public:
    Source() {
        StoreOptions options;
        options.wall_ms = [this] { return now_ms; };
        store_ = Store::over(env_, options).value();
    }

    Store& store() { return *store_; }
    /// The store's tables laid open.
    kv::Env& env() { return *env_; }
    std::filesystem::path path(const std::string& name) const { return directory_.path() / name; }
    std::filesystem::path target() const { return path("target"); }

    template <class Change>
    void write(Change change) {
        now_ms += 60'000;
        auto tx = store_->write().value();
        change(tx);
        tx.commit().value();
    }
    void assign(const std::string& key, const Value& value) {
        write([&](auto& tx) { tx.reg(key).assign(value).value(); });
    }
    /// Removes of the default bucket what was removed until then, as collection does.
    void collect(const VersionVector& stable) {
        std::string cursor;
        const auto places = store_->read()->collectable(stable, 1'000, cursor).value();
        write([&](auto& tx) { static_cast<void>(tx.collect(places, stable).value()); });
    }
    Request request() const {
        Request request;
        request.target = target();
        return request;
    }
    Report back_up(bool full = false) {
        now_ms += 60'000;
        Request wanted = request();
        wanted.full = full;
        return run(*store_, wanted).value();
    }
    Manifest manifest() const { return read_manifest(target()).value(); }
    /// Restores as of a moment, into a directory that has not been used.
    Result<RestoreReport> restore_at(std::optional<std::uint64_t> at_ms, const std::string& name) {
        return restore({target(), path(name), at_ms});
    }
    std::vector<std::string> files() const {
        std::vector<std::string> names;
        for (const auto& file : std::filesystem::directory_iterator(target()))
            names.push_back(file.path().filename());
        std::sort(names.begin(), names.end());
        return names;
    }

    std::uint64_t now_ms = 1'795'255'200'000;

  private:
    TempDirectory directory_;
    std::shared_ptr<kv::MemoryEnv> env_ = std::make_shared<kv::MemoryEnv>();
    std::unique_ptr<Store> store_;
};

}  // namespace kigumi::backup
