// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The coordinator of one exploration; internal to explore.cc.
//
// Life of a job n: *decide* (apply the results of all jobs up to n - lag, ask
// the policy for a cell) -> *submit* (to the pool: the process parked there, or
// the nearest living ancestor, forks the timeline) -> run -> *reap* (the
// process has ended, any order) -> *commit* (in job order, lag jobs later). If
// code under test has tampered with the result, from *submit* on once more.
#ifndef MOONPOOL_EXPLORER_SEARCH_COORDINATOR_H_
#define MOONPOOL_EXPLORER_SEARCH_COORDINATOR_H_

#include <cstdint>
#include <memory>

#include "absl/time/time.h"
#include "explorer/directory/log.pb.h"
#include "explorer/directory/search_log.h"
#include "explorer/search/archive.h"
#include "explorer/search/arrivals.h"
#include "explorer/search/bug_ledger.h"
#include "explorer/search/edge_ledger.h"
#include "explorer/search/explore.h"
#include "explorer/search/job.h"
#include "explorer/search/operators.h"
#include "explorer/search/policy.h"
#include "explorer/search/process_pool.h"
#include "explorer/search/sparse_counts.h"
#include "explorer/search/splices.h"
#include "explorer/search/totals.h"
#include "explorer/shared/region.h"

namespace moonpool::explorer {

class Coordinator {
 public:
  Coordinator(const ExploreOptions& options, SimulationBuilder simulation,
              std::unique_ptr<Policy> policy,
              std::unique_ptr<SearchLog> log);

  absl::StatusOr<ExploreResult> Run();

 private:
  bool WantsMore() const;
  void Decide();
  // What the job's branch gives to the streams: seeds of its own, or a splice.
  Reseed PickReseed(Job& next, uint64_t own_seed, Random& random);
  void Wait();

  // Or, if the result is suspect, runs the job once more.
  void Commit(uint64_t number);
  // What the policy and the operators are to learn of it.
  void CommitYield(const Job& job, const JobSlot& slot, bool yielded);
  void CommitToLog(const Job& job, const JobSlot& slot, bool made_recipe);

  bool IsRestored(uint64_t number) const;
  // Writes what has been committed since the last time.
  void FlushLog(bool is_end = false);
  void UpdateTimes();
  void ReportProgress();
  void Shutdown();
  // Jobs below this one have been committed for every job from now on.
  uint64_t AllKnowUntil(uint64_t next) const;

  const ExploreOptions options_;
  const absl::Time start_;
  std::unique_ptr<Policy> policy_;
  Archive archive_;
  Operators operators_;
  Splices splices_;
  ProcessPool pool_;
  EdgeLedger edges_;
  Arrivals arrivals_;
  Totals totals_;
  BugLedger bugs_;
  // Of the job that is being committed. Made when the nursery has forked off:
  // timelines would have to carry it with them.
  std::unique_ptr<JobSlot> slot_;

  uint64_t decided_ = 0;    // jobs decided so far: the number of the next one
  uint64_t committed_ = 0;  // jobs committed so far
  int cells_around_ = 0;    // from the first: those on a recipe's way
  ExploreResult result_;    // of what others keep, filled in at the end
  absl::Time next_progress_;
  double cpu_before_ = 0;

  std::unique_ptr<SearchLog> log_;  // or null
  LoggedBatch batch_;               // not yet in the log
  SparseCounts sparse_counts_;      // likewise
  absl::Status failure_;
};

}  // namespace moonpool::explorer

#endif  // MOONPOOL_EXPLORER_SEARCH_COORDINATOR_H_
