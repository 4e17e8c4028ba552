// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The program's own memory, arranged so that forks cost less. Called once, by
// the process that all others of a search are forked from. Addresses and bytes
// stay as they are. Each function returns false, and nothing has changed, where
// the system does not offer what it takes, the program is not laid out for it
// (tools/bazel/sim.bzl), or it runs under a sanitizer.
//
// REQUIRES: one thread.
#ifndef MOONPOOL_EXPLORER_CHECKPOINT_PROGRAM_MEMORY_H_
#define MOONPOOL_EXPLORER_CHECKPOINT_PROGRAM_MEMORY_H_

namespace moonpool::explorer {

// Code and constants go to anonymous huge pages, which a fork inherits whole.
// What is mapped from the executable it does not: each timeline would take a
// page fault for every 64 KB of code that it runs.
//
// /proc then no longer tells which file the code is from: profilers and
// symbolizers have no names in this process and those that it forks.
bool MoveTextToHugePages();

// Data, bss and C malloc's heap become one mapping. Of each a fork would copy
// the mapping and its chain of ancestors.
bool JoinDataAndHeap();

// The kernel no longer notes in the C library's memory which core this thread
// runs on (restartable sequences): after each fork that note costs a page fault
// on both sides. Whoever asks the C library for the core gets it from the
// kernel. The one exception to "bytes stay": those of the note.
bool LeaveRestartableSequences();

}  // namespace moonpool::explorer

#endif  // MOONPOOL_EXPLORER_CHECKPOINT_PROGRAM_MEMORY_H_
