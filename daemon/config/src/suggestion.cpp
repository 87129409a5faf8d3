#include "suggestion.hpp"

#include <algorithm>
#include <numeric>

namespace kigumi::config {
namespace {

/// Letters to put in, leave out or change to make one of the other (Levenshtein).
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t changed = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({changed, row[j] + 1, diagonal + 1});
        }
    }
    return row.back();
}

constexpr std::size_t kLongestWord = 100;

}  // namespace

std::string nearest(std::string_view word, const std::vector<std::string>& known) {
    std::string best;
    if (word.size() > kLongestWord) return best;
    std::size_t best_distance = std::max<std::size_t>(2, word.size() / 4) + 1;
    for (const std::string& candidate : known) {
        const std::size_t far = distance(word, candidate);
        if (far >= best_distance) continue;
        best_distance = far;
        best = candidate;
    }
    return best;
}

}  // namespace kigumi::config
