// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The coordinator of one exploration; internal to explore.cc.
//
// Life of a job n: *decide* (apply the results of all jobs up to n - lag, ask
// the policy for a cell) -> *order* (to the process parked there, or to the
// nearest living ancestor with the way from it) -> run -> *reap* (the process
// has ended, any order) -> *commit* (in job order, lag jobs later).
#ifndef MOONPOOL_EXPLORER_SEARCH_COORDINATOR_H_
#define MOONPOOL_EXPLORER_SEARCH_COORDINATOR_H_

#include <signal.h>
#include <sys/types.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "explorer/search/archive.h"
#include "explorer/search/explore.h"
#include "explorer/search/policy.h"
#include "explorer/shared/region.h"

namespace moonpool::explorer {

class Coordinator {
 public:
  Coordinator(const ExploreOptions& options, SimulationBuilder simulation,
              std::unique_ptr<Policy> policy);
  ~Coordinator();

  absl::StatusOr<ExploreResult> Run();

 private:
  // A job between its decision and its commit.
  struct Job {
    uint64_t number = 0;
    int cell = 0;
    std::vector<Breakpoint> segments;  // the whole recipe
    int splitpoint = 0;  // the cell's representative when it was decided
    int checkpoint = -1;  // slot that got the order
    bool is_done = false;
    int wait_status = 0;
    absl::Time started;
  };

  JobSlot& slot(uint64_t number) {
    return region_->jobs[number % static_cast<uint64_t>(options_.lag)];
  }
  Job& job(uint64_t number) {
    return jobs_[number % static_cast<uint64_t>(options_.lag)];
  }

  void StartRoot();
  bool WantsMore() const;
  void Decide();
  void GiveOrder(uint64_t number);
  int FindLivingAncestor(int splitpoint) const;

  int TakeCheckpointSlot();
  void ReturnCheckpointSlot(int checkpoint);
  void SetCheckpoint(int splitpoint, int checkpoint);
  void EvictColdest();
  void KillCondemned();

  // Waits for something to happen, at most until deadline; reaps.
  void Wait(absl::Time deadline);
  void ReapAll();
  void Reaped(pid_t pid, int wait_status);
  void CheckpointDied(int checkpoint);
  void KillHungJobs();

  void Commit(uint64_t number);
  void CommitDiscoveries(Job& job, JobSlot& slot);
  void CommitOutcome(Job& job, JobSlot& slot);
  void ReleaseUnusedCheckpoints(JobSlot& slot);
  void RecordBug(const Job& job, const JobSlot& slot,
                 const Violation& violation);
  void ReportProgress();
  void Shutdown();

  const ExploreOptions options_;
  SimulationBuilder simulation_;
  std::unique_ptr<Policy> policy_;
  Region* region_;
  sigset_t old_mask_;
  absl::Time start_;

  Archive archive_;
  std::vector<Job> jobs_;
  uint64_t decided_ = 0;    // jobs decided so far: the number of the next one
  uint64_t committed_ = 0;  // jobs committed so far
  int running_ = 0;

  // A checkpoint slot is free, lent to a job in flight, the parked process of
  // a splitpoint, condemned (to be killed once it owes no timeline) or dying (killed
  // but not reaped yet).
  std::vector<int> free_checkpoints_;
  std::vector<int> owner_;  // slot -> splitpoint, -1: none
  std::vector<int> condemned_;
  std::vector<bool> dying_;
  int parked_ = 0;

  std::map<uint64_t, size_t> bug_index_;  // identity -> result_.bugs
  ExploreResult result_;
  absl::Time next_progress_;
  bool interrupted_ = false;
  absl::Status failure_;
};

}  // namespace moonpool::explorer

#endif  // MOONPOOL_EXPLORER_SEARCH_COORDINATOR_H_
