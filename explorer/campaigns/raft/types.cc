// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/campaigns/raft/types.h"

#include <iterator>

#include "providers/base/hash.h"

namespace moonpool::raft {
namespace {

// In the order of the enumerators.
constexpr absl::string_view kNames[] = {
    "none",           "vote-not-persisted", "term-not-persisted",
    "commit-old-term", "no-log-check",      "truncate-always",
    "match-from-prev", "snapshot-over-tail", "stale-read",
    "session-lost",   "single-config",      "early-change",
    "fsync-ignored",  "torn-tail",          "election-livelock",
};
static_assert(std::size(kNames) ==
              static_cast<size_t>(Bug::kElectionLivelock) + 1);

}  // namespace

std::optional<Bug> FindBug(absl::string_view name) {
  for (size_t i = 0; i < std::size(kNames); ++i) {
    if (kNames[i] == name) return static_cast<Bug>(i);
  }
  return std::nullopt;
}

absl::string_view BugName(Bug bug) {
  return kNames[static_cast<size_t>(bug)];
}

std::vector<std::string> BugNames() {
  return {std::begin(kNames), std::end(kNames)};
}

uint64_t ChainOf(uint64_t previous, const Entry& entry) {
  const uint64_t head =
      Combine64(entry.term, static_cast<uint64_t>(entry.kind));
  return HashBytes(entry.data, Combine64(previous, head));
}

}  // namespace moonpool::raft
