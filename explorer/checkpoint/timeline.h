// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The side of an exploration that runs user code: the nursery, the parked
// checkpoints and the timelines that branch off them.
//
//   nursery ── parks before any world is built
//     └─ timeline ── builds the order's root seed, replays its breakpoints,
//        │           runs to its end
//        ├─ before the first event, if so ordered: a checkpoint
//        └─ at each discovery: a checkpoint forks off and parks
//             └─ timeline ── goes on from there
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

// Parks as the nursery; never returns. Lifetime: region was mapped before the
// fork that made this process.
[[noreturn]] void RunNursery(Region* region, SimulationBuilder* simulation);

// Gives an order to the process parked in a checkpoint slot: to run the job in
// this job slot.
void Order(Region* region, int32_t checkpoint, uint32_t job_slot);

}  // namespace moonpool::explorer

#endif  // MOONPOOL_EXPLORER_CHECKPOINT_TIMELINE_H_
