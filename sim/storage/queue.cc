// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/storage/queue.h"

#include <algorithm>
#include <functional>

#include "providers/base/check.h"

namespace moonpool {
namespace {

constexpr int64_t kSecond = 1000000000;
constexpr int kFraction = 20;
// What a disk without limits does when it is throttled, before the division.
constexpr uint64_t kUnlimitedIops = 1000000;
constexpr uint64_t kUnlimitedBandwidth = 4000000000;

size_t CheckedDepth(const DiskOptions& options) {
  CHECK_GT(options.depth, 0) << "a disk serves at least one operation at once";
  return static_cast<size_t>(options.depth);
}

}  // namespace

DiskQueue::DiskQueue(const DiskOptions& options)
    : depth_(CheckedDepth(options)),
      turn_ns_(
          options.iops == 0 ? 0 : kSecond / static_cast<int64_t>(options.iops)),
      byte_turn_(options.bandwidth == 0
                     ? 0
                     : (uint64_t{kSecond} << kFraction) / options.bandwidth) {
  busy_.reserve(depth_);
}

int64_t DiskQueue::Admit(int64_t now_ns, int64_t latency_ns, uint64_t bytes) {
  int64_t start_ns =
      std::max(std::max(now_ns, next_turn_ns_), stalled_until_ns_);
  int64_t turn_ns = turn_ns_;
  uint64_t byte_turn = byte_turn_;
  if (__builtin_expect(start_ns < throttled_until_ns_, 0)) {
    if (turn_ns == 0) turn_ns = kSecond / kUnlimitedIops;
    if (byte_turn == 0) {
      byte_turn = (uint64_t{kSecond} << kFraction) / kUnlimitedBandwidth;
    }
    turn_ns *= static_cast<int64_t>(iops_divisor_);
    byte_turn *= bandwidth_divisor_;
  }
  next_turn_ns_ = start_ns + turn_ns +
                  static_cast<int64_t>((bytes * byte_turn) >> kFraction);
  start_ns = next_turn_ns_;
  auto later = std::greater<int64_t>();
  while (!busy_.empty() && busy_.front() <= now_ns) {
    std::pop_heap(busy_.begin(), busy_.end(), later);
    busy_.pop_back();
  }
  if (busy_.size() >= depth_) {
    std::pop_heap(busy_.begin(), busy_.end(), later);
    start_ns = std::max(start_ns, busy_.back());
    busy_.pop_back();
  }
  busy_.push_back(start_ns + latency_ns);
  std::push_heap(busy_.begin(), busy_.end(), later);
  return start_ns + latency_ns;
}

void DiskQueue::Throttle(int64_t until_ns, uint64_t iops_divisor,
                         uint64_t bandwidth_divisor) {
  throttled_until_ns_ = until_ns;
  iops_divisor_ = std::max<uint64_t>(iops_divisor, 1);
  bandwidth_divisor_ = std::max<uint64_t>(bandwidth_divisor, 1);
}

void DiskQueue::Reset() {
  busy_.clear();
  next_turn_ns_ = 0;
}

}  // namespace moonpool
