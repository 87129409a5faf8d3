#pragma once

#include <optional>
#include <unordered_map>

#include "pool.hpp"
#include "session.hpp"

namespace kigumi::scope {

/// Runs single steps of the product, from one state of a replica to the next, and remembers what
/// came out: the same step from the same state is run once, however many worlds contain it.
///
/// Sites, flights and sessions go by their numbers; a site says which replica it is of. Each site
/// is checked against the history when it is first reached. What fails is thrown as a Violation.
class Lab {
  public:
    explicit Lab(const Scope& scope);
    Lab(const Lab&) = delete;
    Lab& operator=(const Lab&) = delete;

    using Id = std::uint32_t;  ///< 0: none

    /// A replica that has seen nothing.
    Id empty_site(unsigned replica) const { return empty_[replica]; }
    const Site& site(Id id) const { return sites_[id]; }
    const Flight& flight(Id id) const { return flights_[id]; }
    const Session& session(Id id) const { return sessions_[id]; }
    std::size_t sites() const { return sites_.size(); }
    std::size_t steps() const { return outcomes_.size(); }

    /// The site after an operation; none if the operation finds nothing to do.
    Id operate(Id site, unsigned operation);
    /// Where a push of this site may start.
    std::vector<VersionVector> push_bases(Id site) const;
    /// The push from the `index`-th of these; none if what it needs was collected.
    Id push(Id site, const VersionVector& base, unsigned index);
    Id receive(Id site, Id flight);
    /// A crash loses what waits in memory.
    Id crash(Id site);

    /// A pull from beginning to end: the client's site after it.
    Id pull(Id client, Id server);
    struct Pulling {
        Id session = 0;  ///< none: the pull is over
        Id client = 0;
    };
    /// Begins a pull in parts, or resumes one that broke off.
    Pulling ask(Id session, Id client, Id server);
    /// The client takes what has arrived and grants credit for more.
    Pulling take(Id session, Id client, Id server);
    /// What is under way is lost; none if the client had not taken anything.
    Id break_off(Id session);

    /// Whether it would make a difference to the first to hear how far the second has come.
    bool is_news(Id site, Id other) const;
    /// The first hears how far the second has come.
    Id hear(Id site, Id other);
    /// Drops what is removed and stable; none if there is nothing.
    Id collect(Id site);
    /// How many rows that hold nothing but removals are kept.
    std::uint64_t removed_rows(Id site);

  private:
    /// One replica's store, which is put into one state after another.
    struct Bench {
        std::shared_ptr<kv::MemoryEnv> env;
        std::unique_ptr<Store> store;
    };
    struct Question {
        std::array<Id, 4> parts;
        bool operator==(const Question&) const = default;
    };
    struct HashQuestion {
        std::size_t operator()(const Question& question) const;
    };
    struct Outcome {
        Id first = 0;
        Id second = 0;
    };
    enum Verb : Id {
        kOperate,
        kPush,
        kReceive,
        kCrash,
        kPull,
        kAsk,
        kTake,
        kBreak,
        kHear,
        kCollect
    };

    template <class Run>
    Outcome once(Verb verb, Id a, Id b, Id c, Run run);

    Store& put(const Site& site);
    /// The site that a bench is at now. `before`: where it was; `sources`: whose events it may have
    /// learned. Retries what waits there for its causes.
    Id settle(Site before, std::vector<const Past*> sources);
    Id add(Site site);
    void apply_held(Site& site, std::vector<const Past*>& sources);
    void check(const Site& site);
    Past past_at(const VersionVector& version, const std::vector<const Past*>& sources) const;
    std::uint32_t add_event(Event event);
    static ReplicaId id_of(unsigned replica);
    /// Events by their replicas' letters, for people.
    std::string events_between(const VersionVector& from, const VersionVector& to) const;

    VersionVector stable_at(const Site& site) const;
    Session begin(const Session* broken, const Site& client, const Site& server);
    bool take_arrived(Session& session, const Site& server);

    const Scope scope_;
    ReplicatorOptions options_;
    std::uint64_t wall_ms_ = 0;
    std::array<Bench, kMaxReplicas> benches_;
    std::array<Id, kMaxReplicas> empty_{};
    Pool<Event> events_;
    Pool<Site> sites_;
    Pool<Flight> flights_;
    Pool<Session> sessions_;
    std::unordered_map<Question, Outcome, HashQuestion> outcomes_;
};

template <class Run>
Lab::Outcome Lab::once(Verb verb, Id a, Id b, Id c, Run run) {
    const Question question{{verb, a, b, c}};
    const auto it = outcomes_.find(question);
    if (it != outcomes_.end()) return it->second;
    const Outcome outcome = run();
    outcomes_.emplace(question, outcome);
    return outcome;
}

}  // namespace kigumi::scope
