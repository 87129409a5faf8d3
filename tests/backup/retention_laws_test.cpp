#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "kigumi/daemon/backup.hpp"

namespace kigumi::backup {
namespace {

constexpr std::uint64_t kNowMs = 1'000'000;

/// Any manifest: full and incremental backups, some whose files are gone.
struct Target {
    Manifest manifest;
    std::vector<bool> intact;
};

Target any_target() {
    Target target;
    const auto size = *rc::gen::inRange<std::size_t>(0, 12);
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < size; ++i) {
        Entry entry;
        number += *rc::gen::inRange<std::uint64_t>(1, 3);
        entry.number = number;
        entry.time_ms = *rc::gen::inRange<std::uint64_t>(0, kNowMs + 10);
        if (i > 0 && *rc::gen::inRange(0, 3) > 0)
            entry.previous =
                target.manifest.entries[*rc::gen::inRange<std::size_t>(i > 3 ? i - 3 : 0, i)]
                    .number;
        target.manifest.entries.push_back(entry);
        target.intact.push_back(*rc::gen::inRange(0, 8) > 0);
    }
    return target;
}

Retention any_retention() {
    Retention retention;
    if (*rc::gen::arbitrary<bool>()) retention.keep = *rc::gen::inRange<std::uint64_t>(1, 8);
    if (*rc::gen::arbitrary<bool>())
        retention.keep_ms = *rc::gen::inRange<std::uint64_t>(0, kNowMs);
    return retention;
}

bool restorable(const Target& target, const Entry& entry, const std::set<std::uint64_t>& dropped) {
    const auto chain = target.manifest.chain(entry);
    return std::all_of(chain.begin(), chain.end(), [&](const Entry& one) {
        const auto at = static_cast<std::size_t>(target.manifest.find(one.number) -
                                                 target.manifest.entries.data());
        return target.intact[at] && !dropped.contains(one.number);
    });
}

class RetentionLaws : public testing::Test {};

RC_GTEST_PROP(RetentionLaws, WhatAKeptBackupBuildsOnIsKept, ()) {
    const Target target = any_target();
    const auto list = to_drop(target.manifest, any_retention(), kNowMs, target.intact);
    const std::set<std::uint64_t> dropped(list.begin(), list.end());
    for (const Entry& entry : target.manifest.entries)
        if (!dropped.contains(entry.number) && entry.previous)
            RC_ASSERT(!dropped.contains(*entry.previous));
}

RC_GTEST_PROP(RetentionLaws, TheNewestThatCanBeRestoredStaysSo, ()) {
    const Target target = any_target();
    const auto list = to_drop(target.manifest, any_retention(), kNowMs, target.intact);
    const std::set<std::uint64_t> dropped(list.begin(), list.end());
    const auto& entries = target.manifest.entries;
    const auto newest = std::find_if(entries.rbegin(), entries.rend(), [&](const Entry& entry) {
        return restorable(target, entry, {});
    });
    if (newest != entries.rend()) RC_ASSERT(restorable(target, *newest, dropped));
}

RC_GTEST_PROP(RetentionLaws, WhatARuleAsksForIsKept, ()) {
    const Target target = any_target();
    const Retention retention = any_retention();
    const auto list = to_drop(target.manifest, retention, kNowMs, target.intact);
    const std::set<std::uint64_t> dropped(list.begin(), list.end());
    const auto& entries = target.manifest.entries;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const std::size_t newer = entries.size() - 1 - i;
        if (retention.keep && newer < *retention.keep)
            RC_ASSERT(!dropped.contains(entries[i].number));
        if (retention.keep_ms && entries[i].time_ms + *retention.keep_ms > kNowMs)
            RC_ASSERT(!dropped.contains(entries[i].number));
    }
    if (!retention.keep && !retention.keep_ms) RC_ASSERT(dropped.empty());
}

RC_GTEST_PROP(RetentionLaws, WhatNobodyNeedsIsDropped, ()) {
    Target target = any_target();
    RC_PRE(!target.manifest.entries.empty());
    target.intact.assign(target.intact.size(), true);
    Retention retention;
    retention.keep = 1;
    const auto list = to_drop(target.manifest, retention, kNowMs, target.intact);
    const auto chain = target.manifest.chain(target.manifest.entries.back());
    RC_ASSERT(list.size() == target.manifest.entries.size() - chain.size());
}

RC_GTEST_PROP(RetentionLaws, DroppingTwiceDropsNothingMore, ()) {
    Target target = any_target();
    const Retention retention = any_retention();
    const auto list = to_drop(target.manifest, retention, kNowMs, target.intact);
    Target rest;
    for (std::size_t i = 0; i < target.intact.size(); ++i) {
        const Entry& entry = target.manifest.entries[i];
        if (std::find(list.begin(), list.end(), entry.number) != list.end()) continue;
        rest.manifest.entries.push_back(entry);
        rest.intact.push_back(target.intact[i]);
    }
    RC_ASSERT(to_drop(rest.manifest, retention, kNowMs, rest.intact).empty());
}

}  // namespace
}  // namespace kigumi::backup
