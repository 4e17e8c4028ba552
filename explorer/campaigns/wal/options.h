// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// What a wal::Store can be told, the bugs that can be planted in it, and what
// it counts.
#ifndef MOONPOOL_EXPLORER_CAMPAIGNS_WAL_OPTIONS_H_
#define MOONPOOL_EXPLORER_CAMPAIGNS_WAL_OPTIONS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"

namespace moonpool::wal {

// One mistake each, of a kind that real stores have made.
enum class Bug : uint8_t {
  kNone,
  kNoFsync,            // a commit is acknowledged without a sync
  kNoDirsync,          // no directory is ever synced
  kFsyncErrorIgnored,  // a failed sync counts as a sync
  kTornHeader,         // the header is overwritten in place, everywhere at once
  kChecksumNotLength,  // a record's checksum leaves out its length
  kReplayPastEnd,      // recovery goes on behind the first invalid record
  kReusedSegment,      // recovery replays what a recycled segment held before
  kRenameBeforeSync,  // a checkpoint gets its name before its contents are safe
};
struct BugName {
  Bug bug;
  absl::string_view name;
};
inline constexpr std::array<BugName, 9> kBugNames = {{
    {Bug::kNone, "none"},
    {Bug::kNoFsync, "no-fsync"},
    {Bug::kNoDirsync, "no-dirsync"},
    {Bug::kFsyncErrorIgnored, "fsync-error-ignored"},
    {Bug::kTornHeader, "torn-header"},
    {Bug::kChecksumNotLength, "checksum-not-length"},
    {Bug::kReplayPastEnd, "replay-past-end"},
    {Bug::kReusedSegment, "reused-segment"},
    {Bug::kRenameBeforeSync, "rename-before-sync"},
}};
// nullopt if there is no such bug.
std::optional<Bug> FindBug(absl::string_view name);

struct Options {
  Bug bug = Bug::kNone;
  // Of a log segment, its header included. REQUIRES: >= 4.
  uint32_t segment_sectors = 8;
  // With more segments than this in use a commit takes a checkpoint first.
  uint32_t live_segments_max = 2;
};

// What a store has met, since the counters were made.
struct Stats {
  uint64_t recoveries = 0;      // that found a formatted store
  uint64_t replayed = 0;        // records that recovery took from the log
  uint64_t torn_tails = 0;      // recoveries that found damage behind the end
  uint64_t stale_records = 0;   // valid records of an earlier life, not taken
  uint64_t mended_records = 0;  // damaged in one copy, read from the other
  uint64_t mended_checkpoints = 0;  // likewise
  uint64_t half_checkpoints = 0;    // one copy's was newer than the other's
  uint64_t bad_sectors = 0;         // unreadable, taken for damaged
  uint64_t read_retries = 0;
  uint64_t rotations = 0;
  uint64_t recycled_segments = 0;
  uint64_t checkpoints = 0;  // taken because the log was long
  uint64_t failed_syncs = 0;
  uint64_t failed_writes = 0;
};

}  // namespace moonpool::wal

#endif  // MOONPOOL_EXPLORER_CAMPAIGNS_WAL_OPTIONS_H_
