// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/core/trace_hash.h"

namespace moonpool {

void TraceHash::TakeSample(uint64_t events, uint64_t draws) {
  if (sample_count_ == kMaxSamples) {
    for (size_t i = 0; i < kMaxSamples / 2; ++i) {
      samples_[i] = samples_[2 * i + 1];
    }
    sample_count_ = kMaxSamples / 2;
    stride_ *= 2;
  }
  samples_[sample_count_++] = {events, draws, value()};
  next_sample_ = events + stride_;
  SetDue();
}

}  // namespace moonpool
