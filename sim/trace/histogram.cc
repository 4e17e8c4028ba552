// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/trace/histogram.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "absl/numeric/int128.h"
#include "providers/base/check.h"
#include "sim/trace/saturating.h"

namespace moonpool {
namespace {

constexpr int kBits = 6;
constexpr size_t kPerPower = size_t{1} << kBits;
// Of 63-bit values.
constexpr size_t kBuckets = (63 - kBits + 1) * kPerPower;

}  // namespace

// A value is cut to its highest kBits + 1 bits, of which the first is always
// 1; the number of bits cut off is the power.
size_t Histogram::BucketOf(uint64_t value) {
  if (value < kPerPower) return value;
  const int power = std::bit_width(value) - (kBits + 1);
  return static_cast<size_t>(power) * kPerPower +
         static_cast<size_t>(value >> power);
}

uint64_t Histogram::LargestOf(size_t bucket) {
  if (bucket < kPerPower) return bucket;
  const size_t power = bucket / kPerPower - 1;
  const uint64_t high = bucket % kPerPower + kPerPower;
  return ((high + 1) << power) - 1;
}

void Histogram::Record(int64_t value, uint64_t count) {
  if (count == 0) return;
  value = std::max<int64_t>(value, 0);
  const auto unsigned_value = static_cast<uint64_t>(value);
  const size_t bucket = BucketOf(unsigned_value);
  if (bucket >= buckets_.size()) buckets_.resize(bucket + 1);
  buckets_[bucket] += count;
  min_ = count_ == 0 ? value : std::min(min_, value);
  max_ = std::max(max_, value);
  count_ += count;
  sum_ = SaturatingAdd(sum_, SaturatingMultiply(unsigned_value, count));
}

void Histogram::Merge(const Histogram& other) {
  if (other.count_ == 0) return;
  if (other.buckets_.size() > buckets_.size()) {
    buckets_.resize(other.buckets_.size());
  }
  for (size_t i = 0; i < other.buckets_.size(); ++i) {
    buckets_[i] += other.buckets_[i];
  }
  min_ = count_ == 0 ? other.min_ : std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
  count_ += other.count_;
  sum_ = SaturatingAdd(sum_, other.sum_);
}

int64_t Histogram::Mean() const {
  return count_ == 0 ? 0 : static_cast<int64_t>(sum_ / count_);
}

int64_t Histogram::Quantile(Ratio share) const {
  CHECK(share.den > 0) << "a share of 0 parts";
  CHECK(share.num <= share.den) << "a share above 1";
  if (count_ == 0) return 0;
  // The smallest bucket with so many values in it and below.
  const absl::uint128 product = absl::uint128(count_) * share.num;
  const uint64_t wanted = std::max<uint64_t>(
      1, absl::Uint128Low64((product + share.den - 1) / share.den));
  uint64_t seen = 0;
  for (size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen < wanted) continue;
    const auto largest = static_cast<int64_t>(LargestOf(i));
    return std::clamp(largest, min_, max_);
  }
  return max_;
}

HistogramProto Histogram::ToProto() const {
  HistogramProto proto;
  proto.set_count(count_);
  proto.set_sum(sum_);
  proto.set_min(min());
  proto.set_max(max_);
  for (size_t i = 0; i < buckets_.size(); ++i) {
    if (buckets_[i] == 0) continue;
    proto.add_buckets(static_cast<uint32_t>(i));
    proto.add_counts(buckets_[i]);
  }
  return proto;
}

Histogram Histogram::FromProto(const HistogramProto& proto) {
  Histogram histogram;
  const int size = std::min(proto.buckets_size(), proto.counts_size());
  for (int i = 0; i < size; ++i) {
    const size_t bucket = proto.buckets(i);
    if (bucket >= kBuckets || proto.counts(i) == 0) continue;
    if (bucket >= histogram.buckets_.size()) {
      histogram.buckets_.resize(bucket + 1);
    }
    histogram.buckets_[bucket] += proto.counts(i);
    histogram.count_ += proto.counts(i);
  }
  if (histogram.count_ == 0) return histogram;
  histogram.sum_ = proto.sum();
  histogram.min_ = proto.min();
  histogram.max_ = std::max(proto.max(), proto.min());
  return histogram;
}

}  // namespace moonpool
