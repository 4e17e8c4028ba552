// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The side of an exploration that runs user code: the root process, the
// parked checkpoints and the timelines that branch off them.
//
//   root ── builds the campaign, parks before the first event
//     └─ timeline ── replays the order's breakpoints, runs to its end
//          └─ at each discovery: a checkpoint forks off and parks
//
// All of them are direct children of the coordinator (CLONE_PARENT), so that
// it reaps each one itself, and die with it (PR_SET_PDEATHSIG).
#ifndef MOONPOOL_EXPLORER_CHECKPOINT_TIMELINE_H_
#define MOONPOOL_EXPLORER_CHECKPOINT_TIMELINE_H_

#include <cstdint>

#include "explorer/shared/region.h"
#include "sim/assertions/table.h"
#include "sim/runner/builder.h"

namespace moonpool::explorer {

// Runs one iteration of the simulation as the root process; never returns.
// Lifetime: region was mapped before the fork that made this process.
[[noreturn]] void RunRoot(Region* region, SimulationBuilder* simulation,
                          uint64_t root_seed);

// Gives an order to the process parked in a checkpoint slot: to run the job in
// this job slot.
void Order(Region* region, int32_t checkpoint, uint32_t job_slot);

}  // namespace moonpool::explorer

#endif  // MOONPOOL_EXPLORER_CHECKPOINT_TIMELINE_H_
