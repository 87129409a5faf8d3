#pragma once

#include <list>
#include <memory>

#include "kigumi/daemon/backup_tiers.hpp"
#include "kigumi/daemon/config.hpp"
#include "kigumi/daemon/http_server.hpp"
#include "observer.hpp"
#include "watchdog.hpp"

namespace kigumi {

/// What kigumid runs: a node on a store, its backups, and what watches them. One thread.
class Service {
  public:
    static Result<std::unique_ptr<Service>> start(config::Config config);

    /// Takes over what may change, and logs what did and what would need a restart. An error
    /// changes nothing.
    Result<void> reload(const config::Config& fresh);
    /// Takes leave of the neighbours and ends all; returns false if a backup hangs, so that the
    /// process must end without it.
    bool stop();

  private:
    explicit Service(config::Config config) : config_(std::move(config)) {}
    Result<void> open();
    Result<void> serve_http();
    void drain();

    config::Config config_;
    std::unique_ptr<Store> store_;
    std::string replica_;
    std::unique_ptr<Node> node_;
    std::unique_ptr<Watchdog> watchdog_;
    std::unique_ptr<RowCounter> rows_;
    std::unique_ptr<Observer> observer_;
    std::unique_ptr<http::Server> http_;
    std::unique_ptr<backup::Tiers> backups_;
    std::list<std::unique_ptr<backup::Tiers>> replaced_;  ///< by a reload; runs may be under way
};

}  // namespace kigumi
