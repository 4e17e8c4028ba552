// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The program's code in memory that forks inherit.
//
// Code is mapped from the executable, and a fork does not copy such mappings:
// each timeline takes a page fault for every 64 KB of code that it runs, as
// much as a third of what a short timeline costs. Anonymous huge pages are
// inherited whole, for nearly nothing.
#ifndef MOONPOOL_EXPLORER_CHECKPOINT_HUGE_TEXT_H_
#define MOONPOOL_EXPLORER_CHECKPOINT_HUGE_TEXT_H_

namespace moonpool::explorer {

// Puts a copy of this program's code and constants, in huge pages, in place of
// what is mapped from the executable: same addresses, same bytes. /proc then no
// longer tells which file they are from, so profilers and symbolizers have no
// names in this process and those that it forks.
//
// False, and nothing has changed, if the kernel has no huge pages to give, or
// the program is not laid out for it (tools/bazel/sim.bzl) or runs under a
// sanitizer. REQUIRES: one thread.
bool MoveTextToHugePages();

}  // namespace moonpool::explorer

#endif  // MOONPOOL_EXPLORER_CHECKPOINT_HUGE_TEXT_H_
