#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kigumi::http {

using Labels = std::vector<std::pair<std::string, std::string>>;

/// Text in the format of Prometheus, version 0.0.4, family by family.
class Exposition {
  public:
    enum class Kind { kGauge, kCounter, kHistogram };

    /// Begins a family; its samples follow.
    void family(std::string_view name, Kind kind, std::string_view help);
    void sample(double value, const Labels& labels = {}) { line("", value, labels); }
    /// A sample of a histogram: `_bucket`, `_sum` or `_count`.
    void part(std::string_view suffix, double value, const Labels& labels = {}) {
        line(suffix, value, labels);
    }
    const std::string& text() const { return text_; }

  private:
    void line(std::string_view suffix, double value, const Labels& labels);

    std::string name_;
    std::string text_;
};

/// A number as Prometheus reads it: whole ones in full.
std::string number_text(double value);

}  // namespace kigumi::http
