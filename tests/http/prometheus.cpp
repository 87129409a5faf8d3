#include "http/prometheus.hpp"

#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <regex>
#include <sstream>

namespace kigumi::http {
namespace {

const std::regex kHelp(R"(# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (\S.*))");
const std::regex kType(R"(# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram))");
const std::regex kSample(
    R"(([a-zA-Z_:][a-zA-Z0-9_:]*)(\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\]|\\["\\n])*",?)*)\})? (\S+))");
const std::regex kBound(R"re(le="([^"]*)")re");

std::optional<double> number(const std::string& text) {
    if (text == "+Inf") return std::numeric_limits<double>::infinity();
    double value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc() || stop != end) return std::nullopt;
    return value;
}

class Reader {
  public:
    Scrape scrape;

    void line(const std::string& text) {
        std::smatch match;
        if (std::regex_match(text, match, kHelp)) {
            open_ = match[1];
            if (!scrape.families.try_emplace(open_).second) problem("family told twice", text);
            scrape.families[open_].help = match[2];
        } else if (std::regex_match(text, match, kType)) {
            if (match[1] != open_ || !scrape.families[open_].type.empty())
                problem("a type must follow its help", text);
            scrape.families[open_].type = match[2];
        } else if (std::regex_match(text, match, kSample)) {
            sample(match[1], match[3], match[4], text);
        } else {
            problem("syntax", text);
        }
    }

    void end() {
        for (const auto& [name, family] : scrape.families) {
            if (family.type.empty()) problem("no type", name);
            if (family.type == "counter" && !name.ends_with("_total"))
                problem("a counter's name ends in _total", name);
            if (family.type == "gauge" && name.ends_with("_total"))
                problem("a gauge's name does not", name);
            if (family.type == "histogram") check_histogram(name, family);
        }
    }

    void problem(const std::string& what, const std::string& where) {
        scrape.problems.push_back(what + ": " + where);
    }

  private:
    void sample(const std::string& name, const std::string& labels, const std::string& value,
                const std::string& text) {
        Family& family = scrape.families[open_];
        const bool part =
            family.type == "histogram" &&
            (name == open_ + "_bucket" || name == open_ + "_sum" || name == open_ + "_count");
        if (family.type.empty() || (name != open_ && !part) ||
            (name == open_ && family.type == "histogram"))
            problem("a sample outside its family", text);
        if (labels.ends_with(',')) problem("a comma too many", text);
        const auto parsed = number(value);
        if (!parsed) return problem("no number", text);
        if (!std::isfinite(*parsed) || (family.type == "counter" && *parsed < 0))
            problem("no value for it", text);
        if (!family.samples.emplace(name + "{" + labels + "}", *parsed).second)
            problem("a sample twice", text);
    }

    void check_histogram(const std::string& name, const Family& family) {
        std::map<double, double> buckets;
        for (const auto& [series, value] : family.samples) {
            std::smatch match;
            if (!std::regex_search(series, match, kBound)) continue;
            buckets[number(match[1]).value_or(-1)] = value;
        }
        double before = 0;
        for (const auto& [bound, value] : buckets) {
            if (bound < 0 || value < before) problem("buckets that shrink", name);
            before = value;
        }
        const auto count = family.samples.find(name + "_count{}");
        if (buckets.empty() || !std::isinf(buckets.rbegin()->first) ||
            count == family.samples.end() || count->second != before ||
            !family.samples.contains(name + "_sum{}"))
            problem("a histogram that does not add up", name);
    }

    std::string open_;
};

}  // namespace

Scrape read_scrape(const std::string& text) {
    Reader reader;
    if (!text.ends_with('\n')) reader.problem("no end of the last line", "");
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) reader.line(line);
    reader.end();
    return reader.scrape;
}

}  // namespace kigumi::http
