// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The runners of one exploration, as the process pool sees them: where each one
// stands, which jobs wait for it, and whether a job had better go to one of
// them, to a new one or to a fork of its own.
//
// A runner that stands at or above a job's splitpoint can run it: it replays
// the rest of the way. All of this is a matter of speed; a job's result is the
// same wherever it runs.
#ifndef MOONPOOL_EXPLORER_SEARCH_RUNNER_SET_H_
#define MOONPOOL_EXPLORER_SEARCH_RUNNER_SET_H_

#include <sys/types.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

#include "explorer/search/archive.h"
#include "explorer/search/job.h"
#include "explorer/shared/region.h"

namespace moonpool::explorer {

enum class SnapshotMode {
  kFork,    // a process for each timeline
  kRewind,  // runners wherever a process is parked; for tests
  kAuto,    // what is likely to cost less, by the times measured so far
};

class RunnerSet {
 public:
  static constexpr int kNone = -1;

  // Where a job may run. At most one of runner and place is given.
  struct Choice {
    enum class Way {
      kWait,       // nowhere yet: no worker is free
      kRunner,     // this one
      kNewRunner,  // one that is to be forked at this place
      kFork,       // a process of its own
    };
    Way way = Way::kWait;
    int runner = kNone;
    int place = Job::kNone;  // a splitpoint; kNone: the nursery
  };

  // Lifetime: region and archive outlive the set.
  RunnerSet(SnapshotMode mode, int workers, Region* region,
            const Archive* archive);

  // A job from this splitpoint has been submitted.
  void CountPick(int splitpoint, uint64_t number);
  // has_free_worker: one more process may run; a job that goes to a runner can
  // also wait there for a worker. is_alive tells whether a process
  // is parked at a splitpoint.
  Choice Choose(int splitpoint, bool has_free_worker,
                const std::function<bool(int)>& is_alive) const;

  // A forked job will leave a process at its splitpoint, when it is committed.
  void CountParking(int splitpoint);

  // Whether a process had better be parked where a job from there discovers
  // something: to replay the whole way, once, if any job comes back at all,
  // would cost more than that fork.
  bool PaysToPark(int splitpoint) const;

  // A new runner, forked by the process in this checkpoint slot; kNone if there
  // may be no more. The coldest idle one is retired where it must.
  int Add(int place, int checkpoint);
  void Give(int runner, uint64_t number, uint32_t job_slot);

  // Calls on_done with each job that has been carried out meanwhile; it returns
  // its StepsFrom.
  void Collect(const std::function<uint64_t(uint64_t)>& on_done);

  // A process has ended: which runner it was. Collect first.
  int Find(pid_t pid) const;
  // A parked process has ended: which runner it owes, or kNone.
  int FindOwed(int checkpoint) const;
  // Forgets it; returns the jobs that it did not carry out.
  std::deque<uint64_t> Remove(int runner);

  int place(int runner) const { return runners_[runner].place; }
  // Of a job of the runner's, whose world has executed so many draws and events
  // in all.
  uint64_t StepsFrom(int runner, uint64_t executed) const;
  // The job that it runs or is about to.
  bool IsFirst(int runner, uint64_t number) const;
  int busy() const { return busy_; }
  // So many more jobs are worth waking up for.
  uint64_t Batch() const;

 private:
  struct Runner {
    enum class State { kFree, kAlive, kDying };
    State state = State::kFree;
    int place = Job::kNone;
    int checkpoint = 0;        // slot of the process that forks it
    uint32_t order_index = 0;  // in that process's ring
    std::deque<uint64_t> queue;
    uint32_t collected = 0;
    uint64_t cpu_ns = 0;
    uint64_t last_used = 0;
  };
  struct Heat {
    uint64_t picks = 0;
    uint64_t last = 0;
    uint64_t parked_at = 0;  // the newest job then; 0: never
  };

  // Draws and events on the way from the nursery, or from a place, to a
  // splitpoint; and the building of the world.
  uint64_t StepsTo(int splitpoint) const;
  uint64_t StepsBetween(int place, int splitpoint) const;
  double NsOf(uint64_t steps) const;
  double NsOfJob() const;
  double HeatOf(int splitpoint) const;
  // A runner at the splitpoint costs less, over some jobs, than the way there
  // for each; is_alive: a process is parked there already.
  bool PaysToStandAt(int splitpoint, double way_ns, bool is_alive) const;
  size_t MaxQueue() const;
  int CountAt(int place) const;
  int ShortestQueueAt(int place) const;
  bool MayAdd() const;
  int ColdestIdle() const;

  const SnapshotMode mode_;
  const int workers_;
  const int limit_;
  Region* const region_;
  const Archive* const archive_;
  std::vector<Runner> runners_;
  int used_ = 0;  // those from here on have never been used
  std::vector<Heat> heat_;  // by splitpoint
  size_t picked_ = 0;       // splitpoints that any job came back to
  int busy_ = 0;
  uint64_t now_ = 0;  // the newest job
  // What has been measured: jobs, what they executed, and their CPU time.
  uint64_t jobs_ = 0;
  uint64_t steps_ = 0;
  uint64_t cpu_ns_ = 0;
};

}  // namespace moonpool::explorer

#endif  // MOONPOOL_EXPLORER_SEARCH_RUNNER_SET_H_
