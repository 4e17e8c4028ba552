// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// DiskFaults: the random trouble of a disk, and the law of its crashes. Plain
// data; the default is no fault. A chaos profile fills it for a seed,
// SimDisk::SetFaults starts it and SetFaults(DiskFaults()) ends it.
#ifndef MOONPOOL_SIM_STORAGE_FAULTS_H_
#define MOONPOOL_SIM_STORAGE_FAULTS_H_

#include <cstdint>

#include "absl/time/time.h"
#include "providers/random.h"

namespace moonpool {

// What a power cut does to the unsynced operations of a file. The default is
// the gentle one: a uniform prefix of whole operations stays. With torn
// writes, after FoundationDB's AsyncFileNonDurable: all survive with keep_all;
// else each unsynced page is kept, dropped, or damaged sector by sector.
struct CrashLaw {
  bool torn_writes = false;
  Ratio keep_all = {1, 10};
  // May a damaged sector hold garbage, or only its old contents?
  bool garbage = true;
};

enum class DirectoryDurability {
  kStrict,   // a name is durable only after the directory was synced
  kOrdered,  // a crash keeps a prefix of the operations on all directories
  kAtOnce,   // names are never lost
};

enum class SyncFailureMode {
  kDropsPages,  // the pages count as clean and are lost at the next crash
  kRetryable,   // they stay dirty; a later sync can succeed
};

struct DiskFaults {
  CrashLaw crash;

  // Transient EIO, for each operation.
  Ratio read_error = {0, 1};
  Ratio write_error = {0, 1};
  // For each sector read: it is bad from now on, until it is rewritten.
  Ratio latent_sector = {0, 1};
  // For each sector read: one stored bit flips, for good.
  Ratio bit_rot = {0, 1};
  // For each operation: the right data at the wrong place.
  Ratio misdirected_read = {0, 1};
  Ratio misdirected_write = {0, 1};
  // For each write: acknowledged, never done.
  Ratio phantom_write = {0, 1};
  // For each read: the contents before the last write to the range.
  Ratio stale_read = {0, 1};
  // For each sync.
  Ratio sync_failure = {0, 1};
  SyncFailureMode sync_failure_mode = SyncFailureMode::kDropsPages;
  // For each read: fewer bytes than there are. For each write: a prefix is
  // written, then ENOSPC or EIO.
  Ratio short_read = {0, 1};
  Ratio short_write = {0, 1};
  // For each operation: an episode begins, unless one is on.
  Ratio stall_chance = {0, 1};
  absl::Duration stall_min = absl::Milliseconds(100);
  absl::Duration stall_max = absl::Milliseconds(500);
  Ratio throttle_chance = {0, 1};
  absl::Duration throttle_min = absl::Seconds(1);
  absl::Duration throttle_max = absl::Seconds(5);
  uint64_t throttle_iops_divisor = 10;
  uint64_t throttle_bandwidth_divisor = 10;
  // For each operation: the disk is read-only, or never answers again, until
  // the machine is rebooted.
  Ratio read_only_chance = {0, 1};
  Ratio hang_chance = {0, 1};
  // For each write that grows a file: no space, for this operation.
  Ratio disk_full = {0, 1};
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_STORAGE_FAULTS_H_
