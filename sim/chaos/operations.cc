// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/chaos/operations.h"

#include "providers/base/check.h"
#include "providers/base/hash.h"

namespace moonpool {

bool OperationAlphabet::OperationEnabled(uint8_t id) const {
  return !is_swarmed_ || Combine64(seed_, id) >> 63 != 0;
}

uint8_t OperationAlphabet::Pick(Random& random,
                                absl::Span<const uint64_t> weights) const {
  CHECK_LE(weights.size(), size_t{256});
  uint64_t all = 0;
  uint64_t enabled = 0;
  for (size_t id = 0; id < weights.size(); ++id) {
    all += weights[id];
    if (OperationEnabled(static_cast<uint8_t>(id))) enabled += weights[id];
  }
  uint64_t at = random.Below(enabled != 0 ? enabled : all);
  for (size_t id = 0; id < weights.size(); ++id) {
    const auto operation = static_cast<uint8_t>(id);
    if (enabled != 0 && !OperationEnabled(operation)) continue;
    if (at < weights[id]) return operation;
    at -= weights[id];
  }
  CHECK(false) << "weights do not add up";
  return 0;
}

}  // namespace moonpool
