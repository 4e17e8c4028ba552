// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// RunAll: iteration after iteration, until the iteration control says stop.
// Internal to the runner.
#ifndef MOONPOOL_SIM_RUNNER_RUN_H_
#define MOONPOOL_SIM_RUNNER_RUN_H_

#include "sim/runner/config.h"
#include "sim/runner/report.h"

namespace moonpool {

SimulationReport RunAll(SimulationBuilder& builder,
                        const SimulationBuilder::Config& config);

}  // namespace moonpool

#endif  // MOONPOOL_SIM_RUNNER_RUN_H_
