// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#ifndef MOONPOOL_SIM_STORAGE_STATS_H_
#define MOONPOOL_SIM_STORAGE_STATS_H_

#include <cstdint>

namespace moonpool {

// What a disk did since it was made. Counts operations when they are issued,
// bytes when they are transferred.
struct DiskStats {
  uint64_t reads = 0;
  uint64_t writes = 0;  // truncations and allocations, too
  uint64_t syncs = 0;   // of files and directories
  uint64_t metadata = 0;
  uint64_t bytes_read = 0;
  uint64_t bytes_written = 0;
  uint64_t max_queue = 0;  // operations pending at once
  uint64_t crashes = 0;
  uint64_t faults = 0;  // injected, of all families
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_STORAGE_STATS_H_
