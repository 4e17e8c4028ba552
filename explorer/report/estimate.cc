// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/report/estimate.h"

#include <algorithm>

namespace moonpool {

UnseenEstimate EstimateUnseen(const std::vector<uint64_t>& frequencies,
                              uint64_t timelines, uint64_t wanted) {
  UnseenEstimate estimate;
  if (timelines == 0 || frequencies.size() < 2) return estimate;
  const auto n = static_cast<double>(timelines);
  estimate.per_timeline = static_cast<double>(frequencies[1]) / n;
  // Up to one half the terms left out are small.
  estimate.horizon = std::min(wanted, timelines / 2);
  const double t = static_cast<double>(estimate.horizon) / n;
  double power = 1;
  for (size_t k = 1; k + 1 < frequencies.size(); ++k) {
    power *= t;
    const double term = power * static_cast<double>(frequencies[k]);
    estimate.expected += k % 2 == 1 ? term : -term;
  }
  estimate.expected = std::max(0.0, estimate.expected);
  return estimate;
}

}  // namespace moonpool
