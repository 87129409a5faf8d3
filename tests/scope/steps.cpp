#include "steps.hpp"

#include <algorithm>

namespace kigumi::scope {
namespace {

using What = Step::What;

/// The steps out of one world.
class Steps {
  public:
    Steps(Lab& lab, const Scope& scope, const World& world,
          const std::function<void(const Step&)>& about_to,
          const std::function<void(const World&)>& visit)
        : lab_(lab), scope_(scope), world_(world), about_to_(about_to), visit_(visit) {}

    void all() {
        const auto flights =
            kMaxFlights - std::count(world_.flights.begin(), world_.flights.end(), 0U);
        for (unsigned at = 0; at < scope_.replicas; ++at) {
            if (world_.ops_left > 0) operations(at);
            if (flights < scope_.flights) sends(at);
            for (unsigned other = 0; other < scope_.replicas; ++other)
                if (other != at) meetings(at, other);
            crash(at);
            if (scope_.collection) collect(at);
        }
        for (const std::uint32_t flight : world_.flights)
            if (flight != 0) under_way(flight);
        if (world_.session != 0) session();
    }

  private:
    void operations(unsigned at) {
        const auto count = static_cast<unsigned>(scope_.kind->operations.size());
        for (unsigned i = 0; i < count; ++i) {
            about_to_({What::kOperate, at, 0, i});
            World next = with(at, lab_.operate(world_.sites[at], i));
            if (next.sites[at] == 0) continue;
            --next.ops_left;
            visit_(next);
        }
    }
    void sends(unsigned at) {
        unsigned index = 0;
        for (const VersionVector& base : lab_.push_bases(world_.sites[at])) {
            about_to_({What::kSend, at, 0, 0});
            const std::uint32_t flight = lab_.push(world_.sites[at], base, index++);
            const auto& flights = world_.flights;
            if (flight == 0 || std::count(flights.begin(), flights.end(), flight) > 0) continue;
            World next = world_;
            next.flights.back() = flight;
            std::sort(next.flights.begin(), next.flights.end(), std::greater<>());
            about_to_({What::kSend, at, 0, flight});
            visit_(next);
        }
    }
    void under_way(std::uint32_t flight) {
        about_to_({What::kLose, 0, 0, flight});
        World next = world_;
        std::replace(next.flights.begin(), next.flights.end(), flight, 0U);
        std::sort(next.flights.begin(), next.flights.end(), std::greater<>());
        visit_(next);
        // Delivered, it stays under way: it may come again, to whomever.
        for (unsigned at = 0; at < scope_.replicas; ++at) {
            if (at == lab_.flight(flight).sender) continue;
            about_to_({What::kReceive, at, 0, flight});
            visit_(with(at, lab_.receive(world_.sites[at], flight)));
        }
    }
    void meetings(unsigned at, unsigned other) {
        const Site& mine = lab_.site(world_.sites[at]);
        const Site& theirs = lab_.site(world_.sites[other]);
        if (scope_.collection && lab_.is_news(world_.sites[at], world_.sites[other])) {
            about_to_({What::kHear, at, other, 0});
            visit_(with(at, lab_.hear(world_.sites[at], world_.sites[other])));
        }
        if (mine.version.covers(theirs.version)) return;
        const bool free = world_.session == 0;
        const bool pulling = !free && lab_.session(world_.session).client == at;
        if (!pulling) {
            about_to_({What::kPull, at, other, 0});
            visit_(with(at, lab_.pull(world_.sites[at], world_.sites[other])));
        }
        const bool broken = pulling && lab_.session(world_.session).broken();
        if (scope_.sessions && (free || broken)) {
            about_to_({What::kAsk, at, other, 0});
            visit_(with(at, lab_.ask(world_.session, world_.sites[at], world_.sites[other])));
        }
    }
    void session() {
        const Session& session = lab_.session(world_.session);
        if (session.broken()) return;
        about_to_({What::kTake, session.client, session.server, 0});
        visit_(with(session.client, lab_.take(world_.session, world_.sites[session.client],
                                              world_.sites[session.server])));
        about_to_({What::kBreak, session.client, session.server, 0});
        World next = world_;
        next.session = lab_.break_off(world_.session);
        visit_(next);
    }
    /// A server's crash is to its client what a broken link is.
    void crash(unsigned at) {
        const bool pulling = world_.session != 0 && lab_.session(world_.session).client == at;
        if (!pulling && !lab_.site(world_.sites[at]).held) return;
        about_to_({What::kCrash, at, 0, 0});
        World next = with(at, lab_.crash(world_.sites[at]));
        if (pulling) next.session = 0;
        visit_(next);
    }
    void collect(unsigned at) {
        about_to_({What::kCollect, at, 0, 0});
        const World next = with(at, lab_.collect(world_.sites[at]));
        if (next.sites[at] != 0) visit_(next);
    }

    World with(unsigned at, std::uint32_t site) const {
        World next = world_;
        next.sites[at] = site;
        return next;
    }
    World with(unsigned at, Lab::Pulling pulling) const {
        World next = with(at, pulling.client);
        next.session = pulling.session;
        return next;
    }

    Lab& lab_;
    const Scope& scope_;
    const World& world_;
    const std::function<void(const Step&)>& about_to_;
    const std::function<void(const World&)>& visit_;
};

}  // namespace

void each_step(Lab& lab, const Scope& scope, const World& world,
               const std::function<void(const Step&)>& about_to,
               const std::function<void(const World&)>& visit) {
    Steps(lab, scope, world, about_to, visit).all();
}

std::string describe(const Lab& lab, const Scope& scope, const Step& step) {
    const std::string at(1, static_cast<char>('A' + step.at));
    const std::string other(1, static_cast<char>('A' + step.other));
    const auto push = [&] {
        if (step.arg == 0) return std::string("a push");
        const Flight& flight = lab.flight(step.arg);
        return static_cast<char>('A' + flight.sender) + ("'s push of " + flight.text);
    };
    switch (step.what) {
        case What::kOperate:
            return at + " " + scope.kind->operations[step.arg].name;
        case What::kSend:
            return push() + " is on its way";
        case What::kLose:
            return push() + " will not come again";
        case What::kReceive:
            return at + " receives " + push();
        case What::kPull:
            return at + " pulls from " + other;
        case What::kAsk:
            return at + " begins a pull from " + other;
        case What::kTake:
            return at + " takes the next part from " + other;
        case What::kBreak:
            return "the pull of " + at + " from " + other + " breaks off";
        case What::kCrash:
            return at + " crashes";
        case What::kHear:
            return at + " hears how far " + other + " is";
        case What::kCollect:
            return at + " collects";
    }
    return {};
}

void heal(Lab& lab, const Scope& scope, const World& world) {
    World now = world;
    for (bool progress = true; progress;) {
        progress = false;
        for (unsigned at = 0; at < scope.replicas; ++at) {
            for (unsigned other = 0; other < scope.replicas; ++other) {
                if (lab.site(now.sites[at]).version.covers(lab.site(now.sites[other]).version))
                    continue;
                const std::uint32_t after = lab.pull(now.sites[at], now.sites[other]);
                if (after == now.sites[at]) throw Violation("a pull brings nothing");
                now.sites[at] = after;
                progress = true;
            }
        }
    }
    // Equal histories and the exact cut at each, which is checked, make the replicas identical.
    for (unsigned at = 1; at < scope.replicas; ++at)
        if (lab.site(now.sites[at]).past != lab.site(now.sites[0]).past)
            throw Violation("the replicas have not converged");
    if (!scope.collection) return;
    for (unsigned at = 0; at < scope.replicas; ++at) {
        for (unsigned other = 0; other < scope.replicas; ++other)
            if (other != at) now.sites[at] = lab.hear(now.sites[at], now.sites[other]);
        if (const std::uint32_t after = lab.collect(now.sites[at])) now.sites[at] = after;
        if (lab.removed_rows(now.sites[at]) > 0)
            throw Violation("what everybody has removed is not collected");
    }
}

}  // namespace kigumi::scope
