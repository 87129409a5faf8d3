#pragma once

#include <kigumi/crdt/map.hpp>

/// A type of our own: a counter that is below zero on no replica, however far apart they are.
/// Pieces can be taken by whoever holds the right to them; rights come with what a replica brings,
/// and are given on. Source: bounded counter, Balegas et al., "Extending Eventually Consistent
/// Cloud Databases for Enforcing Numeric Invariants" (2015).
///
/// State: a map of counters, each written by one replica alone: `+ID` what it brought, `-ID` what
/// it took, `ID>ID` what it gave. So a replica knows what it has spent, and others can only add to
/// what it may spend.
template <kigumi::RowSource S>
class Stock {
  public:
    Stock(S& space, const std::string& key) : space_(&space), counts_(space.map(key)) {}

    /// What is left of all that was brought.
    kigumi::Result<std::int64_t> left() const {
        return sum([](const std::string& name) {
            return name[0] == '+' ? 1 : name[0] == '-' ? -1 : 0;
        });
    }
    /// How much of it a replica may take, as far as this one knows.
    kigumi::Result<std::int64_t> rights(const kigumi::ReplicaId& of) const {
        return sum([id = of.hex()](const std::string& name) {
            const int in = name == "+" + id || name.ends_with(">" + id) ? 1 : 0;
            const int out = name == "-" + id || name.starts_with(id + ">") ? 1 : 0;
            return in - out;  // a gift to itself is both
        });
    }
    kigumi::Result<void> bring(std::int64_t amount) {
        return counts_.counter("+" + self()).add(amount);
    }
    /// Returns false, and does nothing, if this replica may not take so many.
    kigumi::Result<bool> take(std::int64_t amount) { return spend("-" + self(), amount); }
    kigumi::Result<bool> give(const kigumi::ReplicaId& to, std::int64_t amount) {
        return spend(self() + ">" + to.hex(), amount);
    }

  private:
    std::string self() const { return space_->self().hex(); }

    kigumi::Result<bool> spend(const std::string& name, std::int64_t amount) {
        KIGUMI_TRY(const std::int64_t mine, rights(space_->self()));
        if (mine < amount) return false;
        KIGUMI_CHECK(counts_.counter(name).add(amount));
        return true;
    }
    template <class Sign>
    kigumi::Result<std::int64_t> sum(Sign sign) const {
        std::int64_t all = 0;
        KIGUMI_TRY(const auto fields, counts_.fields());
        for (const auto& field : fields) {
            KIGUMI_TRY(const std::int64_t count, counts_.counter(field.name).value());
            all += sign(field.name) * count;
        }
        return all;
    }

    S* space_;
    kigumi::Map<S> counts_;
};
