#include "options.hpp"

namespace kigumi::config {

std::vector<Option> service_options() {
    return {
        {"log.level", "--log-level", "", Reload::kLive,
         "The least important events that are logged.",
         "What an operator has to know, some lines for each peer that comes or goes.",
         "debug adds a line for each pull and audit; warn only tells what needs somebody.",
         Choice{Place<&Config::log_level>(), {"debug", "info", "warn"}}},
        {"log.format", "--log-format", "", Reload::kLive,
         "One line for each event on stderr: key=value pairs, or a JSON object.",
         "People read it without tools.",
         "json is longer and needs no parser of our own in what gathers logs.",
         Choice{Place<&Config::log_format>(), {"text", "json"}}},
        {"http.listen", "--http", "", Reload::kRestart,
         "Where /metrics, /healthz, /readyz and /status.json are served, HOST:PORT; empty: "
         "nowhere.",
         "A door that nobody asked for stays shut.",
         "It has neither keys nor passwords and tells addresses, sizes and paths: use a loopback "
         "address, or a network of those who may know them.",
         Text{Place<&Config::http_listen>()}},
        {"http.threads", "--http-threads", "threads", Reload::kRestart, "Threads that answer HTTP.",
         "One scraper and one person.",
         "More answers more slow clients at once; each may read the store meanwhile.",
         Number{Place<&Config::http_threads>(), 1, 64}},
        {"http.timeout_ms", "--http-timeout-ms", "ms", Reload::kRestart,
         "A request that is not answered after so long is cut off, whatever its client does.",
         "Shorter than the usual interval between scrapes.",
         "More forgives slow clients; one that does not read a long page holds a thread meanwhile.",
         Number{Place<&Config::http_timeout_ms>(), 100, 60 * kSecond}},
        {"http.census_ms", "--census-ms", "ms", Reload::kLive,
         "Count rows, removed ones and conflicts so often, if there is HTTP to show them; 0: "
         "never.",
         "What changes slowly need not be known to the second.",
         "Less is fresher; each census reads the whole store, at a tenth of one core's speed.",
         Number{Place<&Config::census_ms>(), 0, 7 * kDay}},
        {"process.drain_ms", "--drain-ms", "ms", Reload::kLive,
         "On SIGTERM, wait so long for the neighbours to confirm what is durable here; 0: not at "
         "all.",
         "Healthy neighbours confirm within milliseconds; the end should not depend on the others.",
         "What they have not got by then they get when the node is back: nothing is lost, but it "
         "is not elsewhere meanwhile. More waits longer for slow neighbours.",
         Number{Place<&Config::drain_ms>(), 0, 600 * kSecond}},
        {"process.watchdog_ms", "--watchdog-ms", "ms", Reload::kLive,
         "The event loop counts as stuck if it has not turned for so long: that is logged, "
         "/healthz fails, and systemd is no longer told that all is well; 0: never.",
         "Far above the longest step, a large pull on a slow disk.",
         "Less tells sooner and mistakes slow disks, or an application that holds the write lock, "
         "for a stuck loop.",
         Number{Place<&Config::watchdog_ms>(), 0, kHour}},
    };
}

}  // namespace kigumi::config
