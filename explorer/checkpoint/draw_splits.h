// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Numbers of draws at which timelines may branch, whether or not an assertion
// says that anything is new there: some numbers, and every so many draws.
#ifndef MOONPOOL_EXPLORER_CHECKPOINT_DRAW_SPLITS_H_
#define MOONPOOL_EXPLORER_CHECKPOINT_DRAW_SPLITS_H_

#include <algorithm>
#include <cstdint>
#include <vector>

#include "sim/core/rng.h"

namespace moonpool::explorer {

struct DrawSplits {
  std::vector<uint64_t> at;  // ascending
  uint64_t every = 0;        // 0: not

  // The first one above draws; DrawWatcher::kNever: there is none.
  uint64_t After(uint64_t draws) const {
    const auto next = std::upper_bound(at.begin(), at.end(), draws);
    uint64_t after = next == at.end() ? DrawWatcher::kNever : *next;
    if (every != 0 && draws < DrawWatcher::kNever - every) {
      after = std::min(after, draws - draws % every + every);
    }
    return after;
  }
};

}  // namespace moonpool::explorer

#endif  // MOONPOOL_EXPLORER_CHECKPOINT_DRAW_SPLITS_H_
