// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Two numbers that servers and clients publish, for the guide's invariant.
#ifndef MOONPOOL_SIM_GUIDE_COUNTERS_H_
#define MOONPOOL_SIM_GUIDE_COUNTERS_H_

#include "absl/strings/string_view.h"
#include "sim/runner/state.h"

namespace moonpool::guide {

inline constexpr char kSetsMade[] = "sets made";
inline constexpr char kSetsAcknowledged[] = "sets acknowledged";

// [guide:count]
inline int CountOf(const StateHandle& state, absl::string_view name) {
  const int* count = state.Get<int>(name);
  return count == nullptr ? 0 : *count;
}
inline void Count(StateHandle& state, absl::string_view name) {
  state.Publish<int>(name, CountOf(state, name) + 1);
}
// [/guide:count]

}  // namespace moonpool::guide

#endif  // MOONPOOL_SIM_GUIDE_COUNTERS_H_
