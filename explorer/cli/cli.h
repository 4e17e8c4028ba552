// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The explorer's command line, for a main() of one's own. //explorer:main has
// one that calls only this.
#ifndef MOONPOOL_EXPLORER_CLI_CLI_H_
#define MOONPOOL_EXPLORER_CLI_CLI_H_

namespace moonpool {

// The exit codes of the explorer.
enum ExplorerExit : int {
  kExitNothingFound = 0,
  kExitViolation = 1,  // replay: reproduced
  kExitUsage = 2,      // bad usage or bad input
  kExitEngine = 3,     // also: a replay that diverged
  kExitNondeterministic = 4,  // doctor, run --verify: two runs differ
};

// REQUIRES: called first in main, before any thread is started.
int ExplorerMain(int argc, char** argv);

}  // namespace moonpool

#endif  // MOONPOOL_EXPLORER_CLI_CLI_H_
