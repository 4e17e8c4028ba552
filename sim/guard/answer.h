// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// How the replaced functions decide. Internal to the guard.
#ifndef MOONPOOL_SIM_GUARD_ANSWER_H_
#define MOONPOOL_SIM_GUARD_ANSWER_H_

#include <cstddef>
#include <cstdint>

#include "sim/core/world.h"

namespace moonpool::guard {

// The simulated calendar's beginning, 2026-01-01T00:00:00Z, in Unix seconds.
inline constexpr int64_t kStartSeconds = 1767225600;

// The world that must answer instead of the system; nullptr: nobody simulates
// here, call the real function. Allocates nothing.
World* Guarded();
// The same, for a function that the world can answer: kForbid reports it.
World* GuardedAnswer(const char* function);
// For one that it cannot answer: always reported.
World* GuardedRefusal(const char* function, const char* advice);

// 64 bits from the world's stream "guard". Inside a teardown, where nobody may
// draw, from the number of draws so far.
uint64_t Entropy(World& world);
void FillEntropy(World& world, void* buffer, size_t size);

}  // namespace moonpool::guard

#endif  // MOONPOOL_SIM_GUARD_ANSWER_H_
