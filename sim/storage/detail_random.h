// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// DetailRandom: the many small decisions of one occurrence (the faults of an
// operation, the sectors of a crash) out of one draw of the world, so that a
// thousand sectors do not count as a thousand draws.
#ifndef MOONPOOL_SIM_STORAGE_DETAIL_RANDOM_H_
#define MOONPOOL_SIM_STORAGE_DETAIL_RANDOM_H_

#include <cstdint>

#include "providers/base/hash.h"
#include "providers/random.h"

namespace moonpool {

class DetailRandom final : public Random {
 public:
  explicit DetailRandom(uint64_t draw) : key_(draw) {}
  uint64_t Next() override { return Mix64(key_ += 0x9E3779B97F4A7C15u); }
  // Chance, without a draw for what never happens.
  bool Happens(Ratio ratio) { return ratio.num > 0 && Chance(ratio); }

 private:
  uint64_t key_;
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_STORAGE_DETAIL_RANDOM_H_
