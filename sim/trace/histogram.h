// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Histogram: the distribution of non-negative integers (latencies in ns,
// sizes) in at most 30 KB, in integers only. Buckets are log-linear, as in
// HdrHistogram (G. Tene): each power of two is cut into 64, values below 128
// are exact. So a quantile is never below the true one and at most 1/64 (1.6 %)
// above it. Merge is commutative and associative.
#ifndef MOONPOOL_SIM_TRACE_HISTOGRAM_H_
#define MOONPOOL_SIM_TRACE_HISTOGRAM_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "providers/random.h"
#include "sim/trace/metrics.pb.h"

namespace moonpool {

class Histogram {
 public:
  // Negative values count as 0.
  void Record(int64_t value, uint64_t count = 1);
  void Merge(const Histogram& other);

  uint64_t count() const { return count_; }
  // 0 if nothing was recorded. The sum stops at 2^64 - 1.
  int64_t min() const { return count_ == 0 ? 0 : min_; }
  int64_t max() const { return max_; }
  uint64_t sum() const { return sum_; }
  int64_t Mean() const;
  // The value that this share of the recorded ones does not exceed:
  // Quantile({99, 100}). REQUIRES: 0 <= share <= 1.
  int64_t Quantile(Ratio share) const;

  HistogramProto ToProto() const;
  // Whatever the message says; buckets that do not exist are skipped.
  static Histogram FromProto(const HistogramProto& proto);

  friend bool operator==(const Histogram&, const Histogram&) = default;

 private:
  static size_t BucketOf(uint64_t value);
  static uint64_t LargestOf(size_t bucket);

  std::vector<uint64_t> buckets_;  // up to the highest in use
  uint64_t count_ = 0;
  uint64_t sum_ = 0;
  int64_t min_ = 0;
  int64_t max_ = 0;
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_TRACE_HISTOGRAM_H_
