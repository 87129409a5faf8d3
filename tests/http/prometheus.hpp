#pragma once

#include <map>
#include <string>
#include <vector>

namespace kigumi::http {

/// What a strict reader of the text format of Prometheus makes of a text.
struct Family {
    std::string type;
    std::string help;
    std::map<std::string, double> samples;  ///< by name and labels, as they stand
};

struct Scrape {
    std::map<std::string, Family> families;
    std::vector<std::string> problems;
};

/// Reads all of it. Problems: syntax, families told twice or in pieces, samples without a type or
/// twice, counters without `_total` or below zero, histograms that do not add up.
Scrape read_scrape(const std::string& text);

}  // namespace kigumi::http
