// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The processes of one exploration, as the coordinator sees them: the nursery
// (parked before any world is built; every root seed starts there), the parked
// checkpoints, the runners and the timelines that run. Hands out jobs, reaps
// whatever ends, replaces what the kernel kills, evicts the coldest
// checkpoints.
//
// Nothing here decides what is explored, and no timing here can change it.
#ifndef MOONPOOL_EXPLORER_SEARCH_PROCESS_POOL_H_
#define MOONPOOL_EXPLORER_SEARCH_PROCESS_POOL_H_

#include <signal.h>
#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "explorer/checkpoint/draw_splits.h"
#include "explorer/search/archive.h"
#include "explorer/search/image_set.h"
#include "explorer/search/job.h"
#include "explorer/search/parked_set.h"
#include "explorer/search/runner_set.h"
#include "explorer/shared/image_pool.h"
#include "explorer/shared/region.h"
#include "sim/runner/builder.h"

namespace moonpool::explorer {

class ProcessPool {
 public:
  struct Options {
    int lag = 1;  // at most so many jobs are in flight
    // Parked at once, besides the root seed's; likewise images.
    int max_checkpoints = 0;
    absl::Duration watchdog;  // a job that takes longer hangs
    int workers = 1;          // processes that run jobs at once
    SnapshotMode snapshot = SnapshotMode::kFork;
    uint64_t memory_limit = 0;  // of a job; 0: none
    bool edges = true;          // of instrumented code are marks
    DrawSplits splits;
  };

  // Lifetime: archive outlives the pool.
  ProcessPool(const Options& options, SimulationBuilder simulation,
              const Archive& archive);
  ~ProcessPool();
  ProcessPool(const ProcessPool&) = delete;

  // Forks the nursery.
  void Start();

  Region& region() { return *region_; }
  JobSlot& slot(uint64_t number) {
    return region_->jobs[number % static_cast<uint64_t>(options_.lag)];
  }
  JobOrder& order(uint64_t number) {
    return region_->orders[number % static_cast<uint64_t>(options_.lag)];
  }
  Job& job(uint64_t number) {
    return jobs_[number % static_cast<uint64_t>(options_.lag)];
  }
  // Jobs submitted and not done.
  int running() const { return running_; }
  // Processes parked, and images.
  int checkpoints() const { return parked_.size() + images_.size(); }
  uint64_t rewound() const { return rewound_; }
  bool interrupted() const { return interrupted_; }
  // Internal: the engine cannot go on, and why.
  const absl::Status& failure() const { return failure_; }

  // Lets a job run as soon as a worker is free, as the next one: numbers have
  // no gaps. Timelines know what jobs < known_until have committed.
  void Submit(Job job, uint64_t known_until);
  // The next job's result is known already, from a log: its slot is filled.
  void SubmitDone(Job job);

  // The next job to commit has a result that code under test may have written:
  // runs it once more, from its root, so that a wild write is a death of its
  // timeline and nobody else's can reach the result.
  void RunGuarded(uint64_t number);

  // The time of day when the clock was read last: after each wait, at least.
  absl::Time now() const { return now_; }
  void ReadClock() { now_ = absl::Now(); }

  // Waits for something to happen, at most until deadline; reaps.
  void Wait(absl::Time deadline);

  // Commit, in this order. The job's discovery becomes a splitpoint: the
  // process parked there, or the image stored there, if any (-1), is kept.
  void Adopt(uint64_t number, int checkpoint, int image, int splitpoint);
  // The splitpoint represents no cell any more.
  void Retire(int splitpoint);
  // The job is committed: what it was lent and nobody has adopted is free
  // again. is_needed: its splitpoint still represents a cell.
  void Finish(uint64_t number, bool is_needed);

  // Kills and reaps every process.
  void Shutdown();

 private:
  // Hands out jobs that wait, as far as workers are free.
  void HandOut();
  bool HandOut(uint64_t number);
  // What a process that stands at an ancestor of the job's splitpoint, or at
  // that itself, or in the nursery (kNone), needs to know to run the job.
  void Prepare(uint64_t number, int ancestor);
  // A job of a runner: which images it may begin at, and which it is to store.
  void LendImages(uint64_t number, int nearest);
  // Only what is a process of this search: its pid was read from memory that
  // code under test may have overwritten. False: it is none.
  bool Kill(pid_t pid, int signal);
  void KillCondemned();
  // Whether the process still has to fork a job in flight.
  bool Owes(int checkpoint);

  // Takes note of what runners have done. False: nothing.
  bool CollectFromRunners();
  // Reaps jobs with processes of their own. Whether the process that the signal
  // told of is one of them; otherwise it may be anybody, and others with it.
  bool ReapJob(pid_t told);
  void ReapAll();
  void Reaped(pid_t pid, int wait_status);
  bool EndJobOf(pid_t pid, int wait_status);
  // As many processes have ended whom nobody knows as there are forked jobs
  // without a process: their pids have been overwritten.
  void EndLostJobs();
  void End(Job& job, int wait_status);
  // Of the job's process; 0: it has not begun. Looks at the slot only once.
  pid_t PidOf(uint64_t number);
  bool IsOwn(pid_t pid) const;
  void RunnerDied(int runner, pid_t pid, int wait_status);
  void EndFork();
  // The job waits for a worker again.
  void TakeBack(uint64_t number);
  void CheckpointDied(int checkpoint);
  void KillHungJobs();

  const Options options_;
  SimulationBuilder simulation_;
  const Archive& archive_;
  Region* region_;
  const std::unique_ptr<ImagePool> image_pool_;  // nullptr in fork mode
  sigset_t old_mask_;
  pid_t group_ = 0;  // of all processes; the nursery was its first member

  std::vector<Job> jobs_;
  uint64_t submitted_ = 0;  // the number of the next job
  uint64_t finished_ = 0;   // jobs before this one are committed
  uint64_t rewound_ = 0;    // jobs done by runners
  int running_ = 0;
  int waiting_ = 0;  // of those, for a worker
  int forked_ = 0;   // of those, in processes of their own
  RunnerSet runners_;
  ImageSet images_;
  ParkedSet parked_;
  uint64_t seen_done_ = 0;  // by runners, when they were last asked
  absl::Time now_ = absl::Now();
  absl::Time stands_still_since_;  // no job runs, although some are to

  uint64_t reaps_ = 0;  // signals of processes that had ended
  size_t lost_ = 0;     // processes that have ended, of jobs yet to be found

  bool interrupted_ = false;
  absl::Status failure_;
};

}  // namespace moonpool::explorer

#endif  // MOONPOOL_EXPLORER_SEARCH_PROCESS_POOL_H_
