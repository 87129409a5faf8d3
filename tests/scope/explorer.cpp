#include "explorer.hpp"

#include <algorithm>
#include <unordered_set>

#include "steps.hpp"

namespace kigumi::scope {
namespace {

class Explorer {
  public:
    explicit Explorer(const Scope& scope) : scope_(scope), lab_(scope) {}

    Exploration run() {
        std::size_t at = 0;
        try {
            start();
            for (; at < worlds_.size() && !full(); ++at) visit(at);
            found_.complete = at == worlds_.size();
        } catch (const std::exception& error) {
            found_.violation = error.what();
            const std::string last = now_.empty() ? describe(lab_, scope_, step_) : now_;
            found_.steps = path_to(at);
            found_.steps.push_back(last);
        }
        found_.states = worlds_.size();
        found_.sites = lab_.sites();
        found_.steps_run = lab_.steps();
        return found_;
    }

  private:
    bool full() const { return worlds_.size() >= scope_.max_states; }

    void start() {
        World world;
        for (unsigned i = 0; i < scope_.replicas; ++i) world.sites[i] = lab_.empty_site(i);
        world.ops_left = scope_.ops;
        worlds_.add(world, 0);
    }

    void visit(std::size_t at) {
        const World world = worlds_[at];
        if (world.ops_left == 0 && is_new(world.sites)) {
            now_ = "everybody pulls from everybody";
            heal(lab_, scope_, world);
        }
        each_step(
            lab_, scope_, world,
            [this](const Step& step) {
                step_ = step;
                now_.clear();
            },
            [this, at](const World& next) {
                ++found_.transitions;
                worlds_.add(next, static_cast<std::uint32_t>(at));
            });
    }

    /// Healing depends on the replicas alone.
    bool is_new(const std::array<std::uint32_t, kMaxReplicas>& sites) {
        std::string bytes(reinterpret_cast<const char*>(sites.data()), sizeof sites);
        return healed_.insert(std::move(bytes)).second;
    }

    std::vector<std::string> path_to(std::size_t at) {
        std::vector<std::string> path;
        for (; at != 0; at = worlds_.parent(at))
            path.push_back(step_between(worlds_.parent(at), at));
        std::reverse(path.begin(), path.end());
        return path;
    }

    /// Which step it was is found by trying them all again.
    std::string step_between(std::size_t from, std::size_t to) {
        Step tried{};
        std::string found;
        try {
            each_step(
                lab_, scope_, worlds_[from], [&](const Step& step) { tried = step; },
                [&](const World& next) {
                    if (found.empty() && next == worlds_[to]) found = describe(lab_, scope_, tried);
                });
        } catch (const Violation&) {
            // Another step from the same world breaks a promise too.
        }
        return found;
    }

    const Scope scope_;
    Lab lab_;
    Worlds worlds_;
    std::unordered_set<std::string> healed_;
    Step step_{};
    std::string now_;
    Exploration found_;
};

}  // namespace

Exploration explore(const Scope& scope) { return Explorer(scope).run(); }

}  // namespace kigumi::scope
