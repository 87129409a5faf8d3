#include <iostream>
#include <kigumi/testing/laws.hpp>

#include "stock.hpp"

/// A type of our own, held to the laws of replicated types by one line; and one that looks right
/// and is not: it breaks its promise in a short history, which is printed on stderr.

using Tickets = Stock<kigumi::MemoryRows>;

struct Operation {
    unsigned what;
    unsigned to;
    std::int64_t amount;
};
std::ostream& operator<<(std::ostream& out, const Operation& op) {
    return out << (op.what == 0 ? "brings " : op.what == 1 ? "gives " : "takes ") << op.amount;
}

struct Tested {
    using Operation = ::Operation;
    static rc::Gen<Operation> operations() {
        return rc::gen::construct<Operation>(rc::gen::element(0U, 1U, 2U),
                                             rc::gen::element(0U, 1U, 2U),
                                             rc::gen::element<std::int64_t>(1, 2, 3));
    }
    static void apply(kigumi::MemoryRows& rows, const Operation& op) {
        Tickets tickets(rows, "tickets");
        if (op.what == 0) tickets.bring(op.amount).value();
        if (op.what == 1) tickets.give(kigumi::laws::Replicas::id(op.to), op.amount).value();
        if (op.what == 2) tickets.take(op.amount).value();
    }
    static std::int64_t read(kigumi::MemoryRows& rows) {
        return Tickets(rows, "tickets").left().value();
    }
    static bool holds(kigumi::MemoryRows& rows) { return read(rows) >= 0; }
};

/// Looks before it takes. Another replica may have looked as well.
struct Careless : Tested {
    static void apply(kigumi::MemoryRows& rows, const Operation& op) {
        auto left = rows.counter("tickets");
        if (op.what == 0) left.add(op.amount).value();
        if (op.what == 2 && left.value().value() >= op.amount) left.add(-op.amount).value();
    }
    static std::int64_t read(kigumi::MemoryRows& rows) {
        return rows.counter("tickets").value().value();
    }
    static bool holds(kigumi::MemoryRows& rows) { return read(rows) >= 0; }
};

int main() {
    const bool ours = kigumi::laws::check<Tested>("stock");
    std::cout << "stock " << (ours ? "keeps" : "breaks") << " the laws\n";
    const bool careless = rc::check("careless", kigumi::laws::invariant_holds<Careless>);
    std::cout << "a counter that looks first " << (careless ? "keeps" : "breaks")
              << " its promise\n";
    return ours && !careless ? 0 : 1;
}
