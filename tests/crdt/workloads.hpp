#pragma once

#include <algorithm>

#include "kigumi/testing/laws.hpp"
#include "support/value_generators.hpp"

/// What replicas do in random histories, once for each type and for any row space: an operation
/// drawn as three numbers, and a text of everything that a reader can ask. Few keys and members, so
/// that replicas meet on the same rows.
namespace kigumi::workloads {

struct Op {
    unsigned what = 0;
    unsigned where = 0;
    std::int64_t amount = 0;
};

std::ostream& operator<<(std::ostream& out, const Op& op);

/// What the laws need to know of every workload here.
struct AnyOperation {
    using Operation = Op;
    static rc::Gen<Op> operations();
};

/// Members and field names that encodings have to tell apart; one is too long to be a key as it is.
Value member(unsigned where);
std::string field(unsigned where);

inline std::string key(unsigned where) { return where % 2 == 0 ? "k" : std::string("k\0", 2); }

template <class S>
std::string read_register(const Register<S>& reg) {
    const auto value = reg.get().value();
    std::string all = value ? to_json(*value) : "nothing";
    for (const Sibling& sibling : reg.siblings().value())
        all += sibling.removed ? " -" : " " + to_json(sibling.value);
    return all;
}

template <class S>
std::string read_set(const Set<S>& set) {
    std::vector<std::string> members;
    for (const Value& value : set.members().value()) {
        if (!set.contains(value).value()) return "a member that is not contained";
        members.push_back(to_json(value));
    }
    // Row spaces may differ in where they put members that are too long for a key.
    std::sort(members.begin(), members.end());
    std::string all = std::to_string(set.size().value());
    for (const std::string& each : members) all += " " + each;
    return all;
}

struct Registers : AnyOperation {
    template <class S>
    static void apply(S& space, const Op& op) {
        auto reg = space.reg(key(op.where));
        if (op.what % 4 == 0) {
            static_cast<void>(reg.erase().value());
        } else {
            reg.assign(Value(op.amount)).value();
        }
    }
    template <class S>
    static std::string read(S& space) {
        return read_register(space.reg(key(0))) + "; " + read_register(space.reg(key(1)));
    }
};

struct Flags : AnyOperation {
    template <class S>
    static void apply(S& space, const Op& op) {
        auto flag = space.flag(key(op.where));
        switch (op.what % 8) {
            case 0:
                static_cast<void>(space.erase(key(op.where), Type::kFlag).value());
                break;
            case 1:
            case 2:
            case 3:
                flag.disable().value();
                break;
            default:
                flag.enable().value();
        }
    }
    template <class S>
    static std::string read(S& space) {
        std::string all;
        for (const unsigned where : {0U, 1U}) {
            const auto flag = space.flag(key(where));
            all += flag.enabled().value() ? "some " : "none ";
            all += flag.enabled_by_all().value() ? "all " : "not all ";
        }
        return all;
    }
};

struct Sets : AnyOperation {
    template <class S>
    static void apply(S& space, const Op& op) {
        auto set = space.set(key(op.where));
        const Value value = member(op.where / 2);
        switch (op.what % 8) {
            case 0:
                static_cast<void>(space.erase(key(op.where), Type::kSet).value());
                break;
            case 1:
            case 2:
            case 3:
                static_cast<void>(set.erase(value).value());
                break;
            default:
                static_cast<void>(set.add(value).value());
        }
    }
    template <class S>
    static std::string read(S& space) {
        return read_set(space.set(key(0))) + "; " + read_set(space.set(key(1)));
    }
};

struct Counters : AnyOperation {
    template <class S>
    static void apply(S& space, const Op& op) {
        auto counter = space.counter(key(op.where));
        switch (op.what % 8) {
            case 0:
                counter.reset().value();
                break;
            case 1:
                static_cast<void>(space.erase(key(op.where), Type::kCounter).value());
                break;
            default:
                counter.add(op.amount).value();
        }
    }
    template <class S>
    static std::string read(S& space) {
        return std::to_string(space.counter(key(0)).value().value()) + " " +
               std::to_string(space.counter(key(1)).value().value());
    }
};

struct Maps : AnyOperation {
    template <class S>
    static void apply(S& space, const Op& op) {
        auto map = space.map("m");
        const std::string name = field(op.where);
        switch (op.what % 10) {
            case 0:
                static_cast<void>(map.erase(name).value());
                break;
            case 1:
            case 2:
                map.reg(name).assign(Value(op.amount)).value();
                break;
            case 3:
                static_cast<void>(map.reg(name).erase().value());
                break;
            case 4:
            case 5:
                map.counter(name).add(op.amount).value();
                break;
            case 6:
                map.counter(name).reset().value();
                break;
            case 7:
            case 8:
                static_cast<void>(map.set(name).add(member(op.where / 2)).value());
                break;
            default:
                static_cast<void>(map.set(name).erase(member(op.where / 2)).value());
        }
        if (op.what == 99) static_cast<void>(space.erase("m", Type::kMap).value());
    }
    template <class S>
    static std::string read(S& space) {
        const auto map = space.map("m");
        std::vector<std::string> all;
        for (const auto& [name, type] : map.fields().value())
            all.push_back(json_string(name) + std::string(name_of(type)));
        std::sort(all.begin(), all.end());
        for (unsigned where = 0; where < 4; ++where) {
            const std::string name = field(where);
            all.push_back(read_register(map.reg(name)));
            all.push_back(std::to_string(map.counter(name).value().value()));
            all.push_back(read_set(map.set(name)));
        }
        std::string text;
        for (const std::string& each : all) text += each + "; ";
        return text;
    }
};

/// All of the above in one space.
struct Everything : AnyOperation {
    template <class S>
    static void apply(S& space, const Op& op) {
        switch ((op.what / 100) % 5) {
            case 0:
                return Registers::apply(space, op);
            case 1:
                return Flags::apply(space, op);
            case 2:
                return Sets::apply(space, op);
            case 3:
                return Counters::apply(space, op);
            default:
                return Maps::apply(space, op);
        }
    }
    template <class S>
    static std::string read(S& space) {
        return Registers::read(space) + " | " + Flags::read(space) + " | " + Sets::read(space) +
               " | " + Counters::read(space) + " | " + Maps::read(space);
    }
};

}  // namespace kigumi::workloads
