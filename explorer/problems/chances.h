// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Chances: what a milestone is worth, and how rare a bug is that plain seeds
// never meet.
//
//   ChanceReport report = MeasureChances(builder, {.runs = 100000});
//   // report.marks: how many runs came to each mark, and how many of these
//   // failed later: the chance that a timeline has that branches off there.
//
//   double p = EstimateChance(builder, {.runs = 10000, .branches = 100,
//       .levels = {"a chain is mended in flight=1", "..."}});
//
// The estimate is multilevel splitting with fixed factors, and unbiased
// whatever the levels are: a run that comes to the first level is worth the
// mean of its branches, each new from there on, and so on. Good levels make it
// precise with few runs. No forks: prefixes are run again.
#ifndef MOONPOOL_EXPLORER_PROBLEMS_CHANCES_H_
#define MOONPOOL_EXPLORER_PROBLEMS_CHANCES_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sim/runner/builder.h"

namespace moonpool::problems {

struct ChanceOptions {
  uint64_t seed = 1;
  int runs = 1000;      // from the beginning
  int branches = 10;    // from each arrival at a level
  int arrivals = 1000;  // at most so many of each level are branched
  // Beginnings of labels of marks, the first to come first. A run arrives at
  // the next one when it has come to a mark with such a label, before or after
  // its last level.
  std::vector<std::string> levels;
};

struct ChanceReport {
  struct Counts {
    uint64_t runs = 0;    // that came to it
    uint64_t failed = 0;  // of these, after that
  };
  Counts all;
  std::map<std::string, Counts> marks;  // by label
  uint64_t events = 0;
};

// Plain runs; levels, branches and arrivals do not matter.
ChanceReport MeasureChances(SimulationBuilder& builder,
                            const ChanceOptions& options);

struct ChanceEstimate {
  double chance = 0;
  // Of each stage: from the beginning, from the first level, …
  struct Stage {
    uint64_t runs = 0;
    uint64_t arrived = 0;  // at the next level
    uint64_t failed = 0;   // without that
    double chance = 0;     // of a failure, from here on
    // The places that its runs began at, and those of them that a failure was
    // reached from in this stage: few, if a mark is a danger only at times.
    uint64_t places = 0;
    uint64_t fruitful = 0;
  };
  std::vector<Stage> stages;
  uint64_t events = 0;  // those of prefixes included
};
ChanceEstimate EstimateChance(SimulationBuilder& builder,
                              const ChanceOptions& options);

}  // namespace moonpool::problems

#endif  // MOONPOOL_EXPLORER_PROBLEMS_CHANCES_H_
