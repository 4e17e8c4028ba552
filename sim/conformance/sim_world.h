// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The simulated providers as a world under test: two machines of one world,
// without faults.
#ifndef MOONPOOL_SIM_CONFORMANCE_SIM_WORLD_H_
#define MOONPOOL_SIM_CONFORMANCE_SIM_WORLD_H_

#include <memory>

#include "providers/conformance/conformance.h"
#include "sim/core/world.h"

namespace moonpool {

std::unique_ptr<WorldUnderTest> MakeSimWorld(const WorldOptions& options);

}  // namespace moonpool

#endif  // MOONPOOL_SIM_CONFORMANCE_SIM_WORLD_H_
