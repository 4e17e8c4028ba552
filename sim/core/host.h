// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// What a simulating process needs of its host.
#ifndef MOONPOOL_SIM_CORE_HOST_H_
#define MOONPOOL_SIM_CORE_HOST_H_

#include "absl/status/status.h"

namespace moonpool {

// Re-executes this program once with address randomisation off, so that code
// which iterates hash tables or orders by address repeats too. Call it first
// in main. Returns whether addresses are fixed now: false where the kernel
// refuses (some containers), and the run goes on without that safety net.
bool FixAddresses(char** argv);

// OK if this process has one thread; FailedPrecondition with the count if not:
// a fork copies only the calling thread, so the others would vanish.
absl::Status CheckSingleThreaded();

}  // namespace moonpool

#endif  // MOONPOOL_SIM_CORE_HOST_H_
