#pragma once

#include <rapidcheck.h>

#include <array>
#include <concepts>
#include <ostream>
#include <vector>

#include "kigumi/crdt/memory_rows.hpp"

/// Random histories of three replicas, for any replicated type that lives in a row space.
namespace kigumi::laws {

/// A type under test, described to the laws (`laws.hpp`). `apply` and `read` are static, and may be
/// templates over the row space:
///
///     struct Carts {
///         struct Operation { … };                          // with << it is shown in failures
///         static rc::Gen<Operation> operations();          // few keys, so that replicas meet
///         static void apply(MemoryRows&, const Operation&);
///         static std::string read(MemoryRows&);            // all that a reader can ask
///         static bool holds(MemoryRows&);                  // optional: what is true on every
///         replica
///     };
///
/// An operation that the type refuses (returns an error for) is a legal one: let `apply` ignore it.
/// An exception out of `apply` or `read` is a failure of the law.
template <class T>
concept TypeUnderTest = requires(MemoryRows& rows, const typename T::Operation& operation) {
    { T::operations() } -> std::same_as<rc::Gen<typename T::Operation>>;
    T::apply(rows, operation);
    { T::read(rows) } -> std::equality_comparable;
};

/// How many replicas a history has.
inline constexpr unsigned kReplicas = 3;

/// One step of a history: a replica writes, or joins what another has.
template <class Operation>
struct Step {
    enum class Kind { kWrite, kJoin, kJoinDelta };
    Kind kind = Kind::kWrite;
    unsigned at = 0;
    unsigned from = 0;
    Operation op;
    std::uint64_t wall_ms = 0;  ///< what the replica's clock shows; it may go back
};

/// The step as one line of a failure.
template <class Operation>
std::ostream& operator<<(std::ostream& out, const Step<Operation>& step) {
    using Kind = typename Step<Operation>::Kind;
    out << '\n' << step.at << " at " << step.wall_ms << " ms ";
    if (step.kind == Kind::kJoin) return out << "joins " << step.from;
    if (step.kind == Kind::kJoinDelta) return out << "joins the delta of " << step.from;
    rc::show(step.op, out);
    return out;
}

/// Histories of the operations of `T`, most steps writes.
template <TypeUnderTest T>
rc::Gen<std::vector<Step<typename T::Operation>>> any_steps() {
    using AStep = Step<typename T::Operation>;
    using Kind = typename AStep::Kind;
    // inRange grows with the size of the case; numbers that choose must not.
    const auto who = rc::gen::resize(100, rc::gen::inRange(0U, kReplicas));
    const auto kind = rc::gen::weightedElement<Kind>(
        {{4, Kind::kWrite}, {1, Kind::kJoin}, {1, Kind::kJoinDelta}});
    return rc::gen::container<std::vector<AStep>>(rc::gen::construct<AStep>(
        kind, who, who, T::operations(), rc::gen::inRange<std::uint64_t>(1'000'000, 1'002'000)));
}

/// Three replicas in memory, each with a clock of its own. Their ids begin with 01, 02 and 03.
class Replicas {
  public:
    Replicas() {
        rows_.reserve(kReplicas);
        for (unsigned i = 0; i < kReplicas; ++i)
            rows_.emplace_back(id(i), [this, i] { return wall_ms_[i]; });
    }
    Replicas(const Replicas&) = delete;
    Replicas& operator=(const Replicas&) = delete;

    static ReplicaId id(unsigned i) {
        ReplicaId::Bytes bytes{};
        bytes[0] = static_cast<std::uint8_t>(i + 1);
        return ReplicaId(bytes);
    }

    template <TypeUnderTest T>
    void run(const Step<typename T::Operation>& step) {
        using Kind = typename Step<typename T::Operation>::Kind;
        wall_ms_[step.at] = step.wall_ms;
        MemoryRows& at = rows_[step.at];
        const MemoryRows& from = rows_[step.from];
        if (step.kind == Kind::kWrite) T::apply(at, step.op);
        if (step.kind == Kind::kJoin) at.join(from);
        if (step.kind == Kind::kJoinDelta) at.join(from.delta(at.version()), from.version());
    }
    template <TypeUnderTest T>
    void run(const std::vector<Step<typename T::Operation>>& steps) {
        for (const auto& step : steps) run<T>(step);
    }

    MemoryRows& operator[](unsigned i) { return rows_[i % kReplicas]; }
    std::vector<MemoryRows>& all() { return rows_; }

  private:
    std::array<std::uint64_t, kReplicas> wall_ms_{};
    std::vector<MemoryRows> rows_;
};

/// `into` after joining all that `from` has.
inline MemoryRows joined(MemoryRows into, const MemoryRows& from) {
    into.join(from);
    return into;
}
/// `into` after joining what `from` has and `into` lacks.
inline MemoryRows joined_delta(MemoryRows into, const MemoryRows& from) {
    into.join(from.delta(into.version()), from.version());
    return into;
}

/// Whether two replicas hold the same state.
inline bool same(const MemoryRows& a, const MemoryRows& b) {
    return a.version() == b.version() && a.rows() == b.rows();
}

}  // namespace kigumi::laws
