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
// Where the number of draws is one of the splits, that is a mark, too.
//
// The nursery may also fork a *runner*: it takes a snapshot of itself, runs one
// job after another and puts itself back after each (snapshot.h), or puts in
// place an image that it or another runner has stored at the job's splitpoint,
// or on the way to it. What it does in a job is what a timeline does that is
// forked for that job alone.
//
// All of them are direct children of the coordinator (CLONE_PARENT), so that
// it reaps each one itself, and die with it (PR_SET_PDEATHSIG).
#ifndef MOONPOOL_EXPLORER_CHECKPOINT_TIMELINE_H_
#define MOONPOOL_EXPLORER_CHECKPOINT_TIMELINE_H_

#include "explorer/checkpoint/draw_splits.h"
#include "explorer/shared/image_pool.h"
#include "explorer/shared/region.h"
#include "sim/runner/builder.h"

namespace moonpool::explorer {

// Parks as the nursery; never returns. Lifetime: region was mapped, and the pool
// made, before the fork that made this process. images: nullptr: none are
// stored.
[[noreturn]] void RunNursery(Region* region, const ImagePool* images,
                             SimulationBuilder* simulation,
                             DrawSplits splits = {});

}  // namespace moonpool::explorer

#endif  // MOONPOOL_EXPLORER_CHECKPOINT_TIMELINE_H_
