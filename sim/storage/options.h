// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// DiskOptions: what kind of disk a machine has: how fast, how parallel, how
// large, and what its file system promises about names.
#ifndef MOONPOOL_SIM_STORAGE_OPTIONS_H_
#define MOONPOOL_SIM_STORAGE_OPTIONS_H_

#include <cstdint>

#include "absl/time/time.h"
#include "sim/storage/faults.h"

namespace moonpool {

// An operation waits for the disk's turn (1 / iops + bytes / bandwidth, one
// operation after another), then for one of depth servers, and then takes its
// latency, uniform in [low, high].
struct DiskOptions {
  struct Latency {
    absl::Duration low;
    absl::Duration high;
  };
  Latency read = {absl::Microseconds(50), absl::Microseconds(150)};
  // Into the page cache.
  Latency write = {absl::Microseconds(20), absl::Microseconds(100)};
  Latency sync = {absl::Microseconds(500), absl::Milliseconds(5)};
  // Open, list, rename, remove.
  Latency metadata = {absl::Microseconds(20), absl::Microseconds(100)};

  int depth = 32;                   // operations served at once; REQUIRES: > 0
  uint64_t iops = 500000;           // 0: without limit
  uint64_t bandwidth = 2000000000;  // bytes a second; 0: without limit
  // ResourceExhausted beyond it, in 4 KiB pages. 0: without limit.
  uint64_t capacity_bytes = 0;
  // The strictest by default: it finds every forgotten SyncDirectory.
  DirectoryDurability directories = DirectoryDurability::kStrict;

  // Typical disks; the default is Nvme().
  static DiskOptions Nvme();
  static DiskOptions Sata();
  static DiskOptions Hdd();
};

inline DiskOptions DiskOptions::Nvme() { return DiskOptions(); }

inline DiskOptions DiskOptions::Sata() {
  DiskOptions options;
  options.read = {absl::Microseconds(100), absl::Microseconds(300)};
  options.sync = {absl::Milliseconds(1), absl::Milliseconds(10)};
  options.depth = 8;
  options.iops = 75000;
  options.bandwidth = 500000000;
  return options;
}

inline DiskOptions DiskOptions::Hdd() {
  DiskOptions options;
  options.read = {absl::Milliseconds(2), absl::Milliseconds(12)};
  options.sync = {absl::Milliseconds(5), absl::Milliseconds(15)};
  options.depth = 1;
  options.iops = 150;
  options.bandwidth = 150000000;
  return options;
}

}  // namespace moonpool

#endif  // MOONPOOL_SIM_STORAGE_OPTIONS_H_
