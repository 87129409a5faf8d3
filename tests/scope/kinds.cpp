#include "scope.hpp"

namespace kigumi::scope {
namespace {

using sim::Recorder;

template <class T>
Result<void> done(const Result<T>& result) {
    if (!result) return tl::unexpected<Error>(result.error());
    return {};
}

Result<void> two_assigns(Recorder& space, std::int64_t value) {
    KIGUMI_CHECK(space.reg("x").assign(Value(value)));
    return space.reg("y").assign(Value(value));
}

Result<void> assign_and_erase(Recorder& space, std::int64_t value) {
    KIGUMI_CHECK(space.reg("x").assign(Value(value)));
    return done(space.reg("y").erase());
}

Result<void> add_to_field(Recorder& space, std::int64_t) {
    return done(space.map("m").set("f").add(Value(1)));
}

}  // namespace

const std::vector<Kind>& kinds() {
    static const std::vector<Kind> all = {
        {"register",
         {{"assigns", [](Recorder& s, std::int64_t v) { return s.reg("r").assign(Value(v)); }},
          {"erases", [](Recorder& s, std::int64_t) { return done(s.reg("r").erase()); }}}},
        {"set",
         {{"adds 1", [](Recorder& s, std::int64_t) { return done(s.set("s").add(Value(1))); }},
          {"adds 2", [](Recorder& s, std::int64_t) { return done(s.set("s").add(Value(2))); }},
          {"erases 1",
           [](Recorder& s, std::int64_t) { return done(s.set("s").erase(Value(1))); }}}},
        {"flag",
         {{"enables", [](Recorder& s, std::int64_t) { return s.flag("f").enable(); }},
          {"disables", [](Recorder& s, std::int64_t) { return s.flag("f").disable(); }}}},
        {"counter",
         {{"counts", [](Recorder& s, std::int64_t v) { return s.counter("c").add(100 - v); }},
          {"resets", [](Recorder& s, std::int64_t) { return s.counter("c").reset(); }}}},
        {"map",
         {{"assigns m.f",
           [](Recorder& s, std::int64_t v) { return s.map("m").reg("f").assign(Value(v)); }},
          {"adds to m.f", add_to_field},
          {"erases m", [](Recorder& s, std::int64_t) { return done(s.erase("m", Type::kMap)); }}}},
        {"transaction",
         {{"assigns x and y", two_assigns},
          {"assigns y", [](Recorder& s, std::int64_t v) { return s.reg("y").assign(Value(v)); }},
          {"assigns x and erases y", assign_and_erase}}}};
    return all;
}

}  // namespace kigumi::scope
