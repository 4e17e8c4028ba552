// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// DiskQueue: when a disk is done with an operation. Each takes its turn (1 /
// iops + bytes / bandwidth after the one before: FoundationDB's
// nextOperation), then waits for one of depth servers, and keeps that for its
// latency. A cancelled operation keeps its place, as a disk's queue does.
#ifndef MOONPOOL_SIM_STORAGE_QUEUE_H_
#define MOONPOOL_SIM_STORAGE_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/storage/options.h"

namespace moonpool {

class DiskQueue {
 public:
  explicit DiskQueue(const DiskOptions& options);

  // The time at which an operation issued now is done.
  int64_t Admit(int64_t now_ns, int64_t latency_ns, uint64_t bytes);

  // Nothing starts before this time.
  void Stall(int64_t until_ns) { stalled_until_ns_ = until_ns; }
  // What starts before this time is served at a fraction of the speed.
  void Throttle(int64_t until_ns, uint64_t iops_divisor,
                uint64_t bandwidth_divisor);
  bool is_stalled(int64_t now_ns) const { return now_ns < stalled_until_ns_; }
  bool is_throttled(int64_t now_ns) const {
    return now_ns < throttled_until_ns_;
  }
  void EndStall() { stalled_until_ns_ = 0; }
  void EndThrottle() { throttled_until_ns_ = 0; }
  // Forgets what is under way: the machine went down.
  void Reset();

 private:
  const size_t depth_;
  const int64_t turn_ns_;     // 1 / iops
  const uint64_t byte_turn_;  // 1 / bandwidth, in ns << 20
  int64_t next_turn_ns_ = 0;
  std::vector<int64_t> busy_;  // heap of ends, earliest first
  int64_t stalled_until_ns_ = 0;
  int64_t throttled_until_ns_ = 0;
  uint64_t iops_divisor_ = 1;
  uint64_t bandwidth_divisor_ = 1;
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_STORAGE_QUEUE_H_
