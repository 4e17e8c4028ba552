// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Explore: searches the tree of a campaign's futures.
//
// A coordinator (this process; it runs no user code) owns the archive of
// *cells*, one for each mark that was discovered, each with a checkpoint: a
// process parked where the mark was first reached. It numbers jobs 0, 1, 2, …;
// a job forks one timeline from one cell, with a seed of its own. The choice
// of job n depends only on the results of jobs up to n - lag, committed in
// order, so the tree does not depend on the number of workers or on timing.
//
// The policy and its figures: explorer/README.md.
#ifndef MOONPOOL_EXPLORER_SEARCH_EXPLORE_H_
#define MOONPOOL_EXPLORER_SEARCH_EXPLORE_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "explorer/campaign.h"
#include "explorer/fault/fault.h"
#include "explorer/recipe/recipe.pb.h"
#include "sim/assertions/table.h"

namespace moonpool {

// One distinct bug: all timelines whose first violation has this identity.
struct Bug {
  size_t number = 0;  // from 1, in the order of their first timelines
  // The shortest so far: fewest segments, then fewest draws.
  BugRecipe recipe;
  uint64_t first_timeline = 0;  // timelines committed when it was found
  uint64_t timelines = 0;       // how many showed it
};

struct ExploreProgress {
  absl::Duration wall;
  uint64_t timelines = 0;
  uint64_t discoveries = 0;
  uint64_t checkpoints = 0;  // processes parked now
  uint64_t bugs = 0;
};

struct ExploreOptions {
  std::string campaign;
  CampaignParams::Values parameters;
  uint64_t seed = 42;
  uint64_t timelines = 0;  // 0: no limit
  int workers = 0;         // timelines that run at once; 0: one a core
  absl::Duration time_limit = absl::InfiniteDuration();
  bool stop_on_first_bug = false;
  std::string policy = "greedy";  // or another of search/policy.h

  // Part of the search's definition, like the policy: changing it changes the
  // tree; the number of workers does not.
  int lag = 6;
  // Edges of instrumented code are marks (explorer/coverage). Likewise.
  bool edges = true;
  // Where timelines may branch besides: at these numbers of draws since the
  // root, and every so many (0: not).
  std::vector<uint64_t> split_at;
  uint64_t split_every = 0;
  // The search begins with this recipe's timeline instead of with its seed's,
  // and timelines may branch all along its way.
  std::optional<BugRecipe> around;
  // Bounds; they change the speed, never the tree. Of processes that are parked,
  // and likewise of images of worlds (at most ImagePool::kSlots).
  int max_checkpoints = 256;
  // How a timeline gets its world: "fork", a process for each; "rewind", from
  // processes that put themselves back after each; "auto", what costs less.
  std::string snapshot = "auto";
  // A timeline that takes longer than this (wall time) is killed: a hang.
  absl::Duration watchdog = absl::Seconds(30);
  // A timeline that needs more memory than this, in bytes, is out of it; 0: no
  // limit. Not enforced under sanitizers.
  uint64_t memory_limit = kDefaultMemoryLimit;

  std::string build_id;  // stored in recipes
  // The search's log (directory/search_log.h); empty: none. resume: go on with
  // the search that is logged there, which must have the same configuration;
  // otherwise the log begins anew.
  std::string log;
  bool resume = false;
  // Called when a new bug is committed, before the search goes on; also for
  // those that a resumed log holds.
  std::function<void(const Bug&)> on_bug;
  // Likewise, when a known bug has got a shorter recipe.
  std::function<void(const Bug&)> on_shorter_recipe;
  // Called about once a second.
  std::function<void(const ExploreProgress&)> on_progress;
};

// A function of instrumented code, and its edges.
struct CoveredFunction {
  std::string name;
  uint64_t edges = 0;
  uint64_t covered = 0;
  // Timelines committed when the first and the last of them was covered; 0:
  // none was.
  uint64_t first_timeline = 0;
  uint64_t last_timeline = 0;
};

struct ExploreResult {
  uint64_t timelines = 0;  // committed; the root timeline counts
  // Timelines and checkpoints: processes, if each timeline is forked.
  uint64_t forks = 0;
  uint64_t draws = 0;      // by the committed timelines, shared prefixes once
  uint64_t events = 0;     // likewise
  uint64_t discoveries = 0;
  // To marks, by arrivals that were much earlier (archive.h).
  uint64_t ways_replaced = 0;
  // Not recorded, as some table was full: too many marks in one timeline or in
  // the frontier, too long a recipe.
  uint64_t discoveries_dropped = 0;
  // Those taken from a resumed log; they count in all the other figures.
  uint64_t restored_timelines = 0;
  // Run by a process that was put back in place, not forked for it. Depends on
  // the machine, as the times do.
  uint64_t rewound_timelines = 0;
  uint64_t tree_hash = 0;  // of all timelines, in order: what they did
  double wall_seconds = 0;  // of all sittings
  double cpu_seconds = 0;   // likewise, of all processes
  std::string stopped_by;  // "timelines", "time_limit", "first_bug",
                           // "interrupted"
  std::vector<Bug> bugs;   // in the order of their first timelines
  std::vector<AssertionEntry> assertions;  // counts of committed timelines
  // Of instrumented code, of the committed timelines; empty if there is none.
  std::vector<CoveredFunction> functions;
};

// Runs a whole exploration. Errors: InvalidArgument or NotFound (options,
// campaign, parameters), FailedPrecondition (threads), Internal (engine).
absl::StatusOr<ExploreResult> Explore(const ExploreOptions& options);

}  // namespace moonpool

#endif  // MOONPOOL_EXPLORER_SEARCH_EXPLORE_H_
