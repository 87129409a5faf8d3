#include "exposition.hpp"

#include <array>
#include <charconv>

#include "kigumi/crdt/json.hpp"

namespace kigumi::http {
namespace {

/// The text with bytes replaced that are no UTF-8: Prometheus would refuse all of the page for one.
std::string readable(std::string_view text) {
    const auto value = from_json(json_string(text));
    const auto* const clean = value ? value->get_if<std::string>() : nullptr;
    return clean != nullptr ? *clean : "";
}

std::string escaped(std::string_view value) {
    std::string text;
    for (const char c : readable(value)) {
        if (c == '\n') {
            text += "\\n";
        } else if (c == '"' || c == '\\') {
            text += {'\\', c};
        } else {
            text += c;
        }
    }
    return text;
}

std::string_view word_of(Exposition::Kind kind) {
    switch (kind) {
        case Exposition::Kind::kGauge:
            return "gauge";
        case Exposition::Kind::kCounter:
            return "counter";
        case Exposition::Kind::kHistogram:
            return "histogram";
    }
    return "";
}

}  // namespace

std::string number_text(double value) {
    std::array<char, 400> digits{};  // the largest double has 309 of them
    const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value,
                                            std::chars_format::fixed);
    return {digits.data(), end};
}

void Exposition::family(std::string_view name, Kind kind, std::string_view help) {
    name_ = name;
    text_ += "# HELP " + name_ + " " + std::string(help) + "\n";
    text_ += "# TYPE " + name_ + " " + std::string(word_of(kind)) + "\n";
}

void Exposition::line(std::string_view suffix, double value, const Labels& labels) {
    text_ += name_;
    text_ += suffix;
    for (std::size_t i = 0; i < labels.size(); ++i)
        text_ += (i == 0 ? "{" : ",") + labels[i].first + "=\"" + escaped(labels[i].second) + "\"";
    text_ += (labels.empty() ? " " : "} ") + number_text(value) + "\n";
}

}  // namespace kigumi::http
