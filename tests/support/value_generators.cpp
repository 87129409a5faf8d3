#include "support/value_generators.hpp"

#include <bit>
#include <limits>

namespace kigumi::generators {
namespace {

std::string joined(const std::vector<std::string>& parts) {
    std::string all;
    for (const std::string& part : parts) all += part;
    return all;
}

}  // namespace

rc::Gen<std::string> raw_bytes() {
    const auto byte = rc::gen::weightedOneOf<char>(
        {{2, rc::gen::arbitrary<char>()}, {1, rc::gen::element('\0', '\xFF', '\xFE')}});
    return rc::gen::container<std::string>(byte);
}

rc::Gen<std::string> text() {
    // The ends of each length of UTF-8, beside what people write.
    const auto character = rc::gen::weightedOneOf<std::string>(
        {{4, rc::gen::map(rc::gen::inRange<char>(' ', '\x7F'),
                          [](char c) { return std::string(1, c); })},
         {1, rc::gen::element(std::string(1, '\0'), std::string("\x01"), std::string("\x7F"),
                              std::string("\xC2\x80"), std::string("\xDF\xBF"),
                              std::string("\xE0\xA0\x80"), std::string("\xED\x9F\xBF"),
                              std::string("\xEE\x80\x80"), std::string("\xEF\xBF\xBF"),
                              std::string("\xF0\x90\x80\x80"), std::string("\xF4\x8F\xBF\xBF"))}});
    return rc::gen::map(rc::gen::container<std::vector<std::string>>(character), joined);
}

rc::Gen<double> number() {
    using Limits = std::numeric_limits<double>;
    return rc::gen::oneOf(
        rc::gen::element(0.0, -0.0, 1.0, -1.0, 0.1, Limits::min(), Limits::denorm_min(),
                         Limits::max(), Limits::lowest(), Limits::epsilon()),
        rc::gen::map(rc::gen::arbitrary<std::uint64_t>(), [](std::uint64_t bits) {
            const double any = std::bit_cast<double>(bits);
            return any - any == 0 ? any : 0.5;  // NaN and infinities have tests of their own
        }));
}

rc::Gen<Value> value(unsigned depth) {
    const auto as_value = [](auto content) { return Value(std::move(content)); };
    const auto integer =
        rc::gen::oneOf(rc::gen::arbitrary<std::int64_t>(),
                       rc::gen::element(std::numeric_limits<std::int64_t>::min(),
                                        std::numeric_limits<std::int64_t>::max(), std::int64_t{-1},
                                        std::int64_t{0}, std::int64_t{255}));
    const auto scalar = rc::gen::oneOf(
        rc::gen::just(Value()), rc::gen::map(rc::gen::arbitrary<bool>(), as_value),
        rc::gen::map(integer, as_value), rc::gen::map(number(), as_value),
        rc::gen::map(text(), as_value),
        rc::gen::map(raw_bytes(), [](std::string raw) { return Value(Bytes{std::move(raw)}); }));
    if (depth == 0) return scalar;
    const auto inner = rc::gen::scale(0.3, value(depth - 1));
    const auto array = rc::gen::map(rc::gen::container<Array>(inner), as_value);
    const auto object = rc::gen::map(rc::gen::container<std::vector<std::pair<std::string, Value>>>(
                                         rc::gen::pair(rc::gen::scale(0.2, text()), inner)),
                                     [](std::vector<std::pair<std::string, Value>> members) {
                                         Object all;
                                         for (auto& [name, member] : members) {
                                             // A lone "$bytes" is how JSON spells bytes; as a
                                             // member's name it is taken.
                                             if (name != "$bytes")
                                                 all.emplace(std::move(name), std::move(member));
                                         }
                                         return Value(std::move(all));
                                     });
    return rc::gen::weightedOneOf<Value>({{3, scalar}, {1, array}, {1, object}});
}

}  // namespace kigumi::generators
