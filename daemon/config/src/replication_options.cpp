#include "options.hpp"

namespace kigumi::config {
namespace {

template <auto Member>
using Tuning = Place<&Config::node, &NodeOptions::replication, Member>;

template <auto Member>
Number number(std::uint64_t least, std::uint64_t most) {
    return {Tuning<Member>(), least, most};
}

Option tuning(const char* name, const char* flag, const char* unit, Kind kind, const char* meaning,
              const char* reason, const char* trade) {
    return {std::string("replication.") + name,
            flag,
            unit,
            Reload::kLive,
            meaning,
            reason,
            trade,
            std::move(kind)};
}

using R = ReplicatorOptions;

}  // namespace

std::vector<Option> replication_options() {
    return {
        tuning("push_ms", "--push-ms", "ms", number<&R::push_ms>(0, kHour),
               "Gather writes for so long before pushing them.",
               "Neighbours see a write as soon as it is durable.",
               "More saves messages under many small writes and costs as much delay at each hop."),
        tuning("ack_ms", "--ack-ms", "ms", number<&R::ack_ms>(0, kHour),
               "Gather pushes for so long before confirming them.",
               "A writer that waits for confirmations waits no longer than it must.",
               "More saves one small message for each burst and delays confirmations."),
        tuning("round_ms", "--round-ms", "ms", number<&R::round_ms>(1, kHour),
               "Compare versions with each neighbour so often.",
               "A lost message is noticed within half a second.",
               "Less finds losses sooner and costs one small message per link and round."),
        tuning("collect_ms", "--collect-ms", "ms", number<&R::collect_ms>(1, kHour),
               "Look for removed rows to collect, and pass on acknowledgements, so often.",
               "Removals go within seconds of the last acknowledgement.",
               "Less keeps removed rows for a shorter time and writes more often."),
        tuning("collect_rows", "--collect-rows", "rows", number<&R::collect_rows>(1, 1'000'000),
               "Removed rows that are looked at in one step.",
               "No writer waits longer than for these: some milliseconds.",
               "More collects faster after mass removals and makes writers wait longer."),
        tuning("request_ms", "--request-ms", "ms", number<&R::request_ms>(1, 30 * kDay),
               "Remember executed requests for so long, in time that the node has run.",
               "A client that retries for a day is answered and not executed again.",
               "More keeps a row for each request so much longer."),
        tuning("request_rows", "--request-rows", "rows", number<&R::request_rows>(1, 100'000'000),
               "Executed requests that a bucket remembers; beyond that the oldest go earlier.",
               "Some megabytes at the most, whatever clients do.",
               "More needs more disk; less forgets before its time under many requests."),
        tuning("audit_ms", "--audit-ms", "ms", number<&R::audit_ms>(0, 7 * kDay),
               "Compare all rows with each peer so often; 0: never.",
               "Damage is found within the hour.",
               "Less finds damage sooner and reads the whole store more often."),
        tuning("audit_rows", "--audit-rows", "rows", number<&R::audit_rows>(16, 65'536),
               "Rows that are compared in one step of an audit.",
               "A step is short: replication does not wait for an audit.",
               "More needs fewer messages and makes each step longer."),
        tuning("audit_bytes", "--audit-bytes", "bytes",
               number<&R::audit_bytes>(4 * kKiB, 512 * kKiB),
               "About how many bytes are compared in one step of an audit.",
               "Two steps fill what a message may hold.", "As for audit_rows."),
        tuning("pull_delay_ms", "--pull-delay-ms", "ms", number<&R::pull_delay_ms>(0, 60 * kSecond),
               "Wait so long for a push that is probably on its way before pulling instead.",
               "Pushes in a local network overtake each other by less.",
               "Less pulls needlessly; more waits longer for what was lost."),
        tuning(
            "silence_ms", "--silence-ms", "ms", number<&R::silence_ms>(100, kHour),
            "A peer that has said nothing for so long, and for five rounds, is taken to be down.",
            "Ten rounds: a pause of some seconds is no failure.",
            "Less notices a dead peer sooner and takes slow ones for dead more often."),
        tuning("pull_timeout_ms", "--pull-timeout-ms", "ms", number<&R::pull_timeout_ms>(50, kHour),
               "Give up a pull without progress after so long and try elsewhere.",
               "Four rounds; an answer begins within milliseconds on a healthy link.",
               "Less leaves a dead source sooner and gives up slow ones for nothing."),
        tuning("backoff_min_ms", "--backoff-min-ms", "ms", number<&R::backoff_min_ms>(1, kHour),
               "Repeat a failed pull after so long, doubled each time.",
               "A peer that restarts is back within a second.",
               "Less asks a broken peer more often."),
        tuning("backoff_max_ms", "--backoff-max-ms", "ms", number<&R::backoff_max_ms>(1, kHour),
               "Repeat failed pulls after so long at the latest.",
               "What a mended peer holds arrives within seconds.",
               "More spares a peer that stays broken and comes back to it later."),
        tuning("pull_credit_bytes", "--pull-credit-bytes", "bytes",
               number<&R::pull_credit_bytes>(64 * kKiB, 64 * kMiB),
               "Bytes of a pull answer that may be on their way.",
               "Fills 100 Mbit/s over 80 ms, and bounds what a peer can make us hold.",
               "More is faster over long distances and takes as much memory per pull."),
        tuning("batch_bytes", "--batch-bytes", "bytes", number<&R::batch_bytes>(kKiB, 512 * kKiB),
               "Rows of a pull answer are packed into batches of about this size.",
               "One batch is one part; less of it is lost when a connection breaks.",
               "More packs better; less resumes more finely."),
        tuning("part_bytes", "--part-bytes", "bytes", number<&R::part_bytes>(kKiB, 512 * kKiB),
               "The largest part in which a batch travels.",
               "Other messages wait behind one part for about a millisecond.",
               "More has less overhead and delays what is behind it."),
        tuning("push_max_bytes", "--push-max-bytes", "bytes",
               number<&R::push_max_bytes>(kKiB, 512 * kKiB),
               "A larger push is not sent: the peer is told the version and pulls in chunks.",
               "A quarter of what a message may hold.",
               "More spares a round trip for large transactions and holds up what is behind them."),
        tuning("push_credit_bytes", "--push-credit-bytes", "bytes",
               number<&R::push_credit_bytes>(64 * kKiB, 64 * kMiB),
               "Bytes of pushes to a peer that it has not confirmed yet.",
               "As for pull_credit_bytes; a slow peer is left to pull.",
               "More keeps a distant peer closer under load and takes as much memory per peer."),
        tuning("held_max_bytes", "--held-max-bytes", "bytes",
               number<&R::held_max_bytes>(64 * kKiB, kGiB),
               "Bytes of pushes that wait for what they depend on, over all buckets.",
               "Some seconds of a busy cluster; what does not fit is pulled later.",
               "More pulls less after lost messages and takes as much memory."),
        tuning("staged_max_bytes", "--staged-max-bytes", "bytes",
               number<&R::staged_max_bytes>(64 * kKiB, kGiB),
               "Bytes of a pull that are kept in memory before they are staged on disk.",
               "Ordinary pulls never touch the staging table.",
               "More writes less and takes as much memory per bucket that pulls."),
    };
}

}  // namespace kigumi::config
