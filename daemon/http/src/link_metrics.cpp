#include "metrics.hpp"

namespace kigumi::http {
namespace {

using Kind = Exposition::Kind;

/// One family over all links: one line of the table below.
struct LinkMetric {
    const char* name;
    Kind kind;
    const char* help;
    double (*value)(const LinkStatus&);
};

template <class T>
double number(T value) {
    return static_cast<double>(value);
}

constexpr LinkMetric kLinkMetrics[] = {
    {"kigumi_link_up", Kind::kGauge, "1 if the peer has greeted and is heard of.",
     [](const LinkStatus& l) { return l.up ? 1.0 : 0.0; }},
    {"kigumi_link_round_trip_seconds", Kind::kGauge, "Mean time to an answer; 0 before the first.",
     [](const LinkStatus& l) { return l.round_trip.mean_ms / 1'000; }},
    {"kigumi_link_round_trip_deviation_seconds", Kind::kGauge, "Mean deviation from that.",
     [](const LinkStatus& l) { return l.round_trip.deviation_ms / 1'000; }},
    {"kigumi_link_timeout_seconds", Kind::kGauge, "How long an answer is waited for now.",
     [](const LinkStatus& l) { return number(l.round_trip.timeout_ms) / 1'000; }},
    {"kigumi_link_error_ratio", Kind::kGauge, "Lately failed of what was asked, 0 to 1.",
     [](const LinkStatus& l) { return l.breaker.error_rate; }},
    {"kigumi_link_breaker_opened_total", Kind::kCounter, "How often the breaker has opened.",
     [](const LinkStatus& l) { return number(l.breaker.opened); }},
    {"kigumi_link_received_bytes_total", Kind::kCounter, "Bytes of messages from the peer.",
     [](const LinkStatus& l) { return number(l.traffic.bytes_in); }},
    {"kigumi_link_sent_bytes_total", Kind::kCounter, "Bytes of messages to the peer.",
     [](const LinkStatus& l) { return number(l.traffic.bytes_out); }},
    {"kigumi_link_received_messages_total", Kind::kCounter, "Messages from the peer.",
     [](const LinkStatus& l) { return number(l.traffic.messages_in); }},
    {"kigumi_link_sent_messages_total", Kind::kCounter, "Messages to the peer.",
     [](const LinkStatus& l) { return number(l.traffic.messages_out); }},
    {"kigumi_link_throttled_messages_total", Kind::kCounter,
     "Messages that had to wait because too many came.",
     [](const LinkStatus& l) { return number(l.traffic.throttled); }},
    {"kigumi_link_dropped_messages_total", Kind::kCounter,
     "Messages thrown away unread because far too many came.",
     [](const LinkStatus& l) { return number(l.traffic.dropped); }},
    {"kigumi_link_in_flight_bytes", Kind::kGauge, "Pushes that the peer has not confirmed.",
     [](const LinkStatus& l) { return number(l.in_flight_bytes); }},
    {"kigumi_link_credit_bytes", Kind::kGauge, "What may be pushed before it confirms some.",
     [](const LinkStatus& l) { return number(l.credit_bytes); }},
    {"kigumi_link_held_bytes", Kind::kGauge, "Memory held on behalf of the peer.",
     [](const LinkStatus& l) { return number(l.held_bytes); }},
    {"kigumi_link_queued_bytes", Kind::kGauge, "Bytes that wait to be sent.",
     [](const LinkStatus& l) { return number(l.queued_bytes); }},
    {"kigumi_link_pulls", Kind::kGauge, "Pulls from the peer that are under way.",
     [](const LinkStatus& l) { return number(l.pulls); }},
};

Labels labels_of(const LinkStatus& link) {
    return {{"link", std::to_string(link.link)},
            {"peer", link.replica ? link.replica->hex() : ""},
            {"address", link.address}};
}

}  // namespace

void link_metrics(Exposition& out, const ReplicatorStatus& status) {
    for (const LinkMetric& metric : kLinkMetrics) {
        out.family(metric.name, metric.kind, metric.help);
        for (const LinkStatus& link : status.links) out.sample(metric.value(link), labels_of(link));
    }
    out.family("kigumi_link_breaker_state", Kind::kGauge,
               "1 for the state that the breaker is in, 0 for the others.");
    for (const LinkStatus& link : status.links)
        for (const BreakerState state :
             {BreakerState::kClosed, BreakerState::kOpen, BreakerState::kHalfOpen}) {
            Labels labels = labels_of(link);
            labels.emplace_back("state", name_of(state));
            out.sample(link.breaker.state == state ? 1 : 0, labels);
        }
}

}  // namespace kigumi::http
