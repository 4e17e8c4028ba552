// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Invariant: a property of the whole system, looked at after every turn.
#ifndef MOONPOOL_SIM_RUNNER_INVARIANT_H_
#define MOONPOOL_SIM_RUNNER_INVARIANT_H_

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "sim/runner/state.h"

namespace moonpool {

class Invariant {
 public:
  virtual ~Invariant() = default;
  virtual absl::string_view name() const = 0;
  // Violate with the ASSERT_ macros. state is what workloads and processes
  // have published.
  virtual void Check(const StateHandle& state, absl::Duration now) = 0;
  // Before each iteration.
  virtual void Reset() {}
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_RUNNER_INVARIANT_H_
