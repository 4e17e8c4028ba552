// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The runners of one exploration, as the process pool sees them: which jobs
// wait for each, what a job has cost so far, and so whether one had better go
// to a runner or to a fork of its own, and of which splitpoints images pay.
//
// Any runner can run any job: it replays the way from the nearest image, or
// from the nursery. All of this is a matter of speed; a job's result is the
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
  kRewind,  // runners, and an image wherever a job branches off; for tests
  kAuto,    // what is likely to cost less, by the times measured so far
};

class RunnerSet {
 public:
  static constexpr int kNone = -1;

  struct Choice {
    enum class Way {
      kWait,       // nowhere yet: no worker is free
      kRunner,     // this one
      kNewRunner,  // one that is to be forked
      kFork,       // a process of its own
    };
    Way way = Way::kWait;
    int runner = kNone;
  };

  struct Options {
    SnapshotMode mode = SnapshotMode::kAuto;
    int workers = 1;
    int cores = 2;  // for the workers and the coordinator
    bool has_images = true;  // there is room for them
  };

  // Lifetime: region and archive outlive the set.
  RunnerSet(const Options& options, Region* region, const Archive* archive);

  // A job from this splitpoint has been submitted.
  void CountPick(int splitpoint, uint64_t number);
  // Where the job may run, if there is an image of the splitpoint nearest (or
  // kNone) on its way. has_free_worker: one more process may run; a job that
  // goes to a runner can also wait there for a worker.
  Choice Choose(int splitpoint, int nearest, bool has_free_worker) const;

  // Whether a job from there had better store an image of its splitpoint: as
  // many are likely to come back as have come of late, in a row.
  bool PaysToStore(int splitpoint, int nearest) const;
  // Likewise of its discoveries, to which jobs may come back or not.
  bool PaysToStoreDiscoveries() const;
  // Whether a process had better be parked where a job from there discovers
  // something: to replay the whole way, once, if any job comes back at all,
  // would cost more than that fork, and there can be no images, for worlds that
  // are too large most likely.
  bool PaysToPark(int splitpoint) const;

  // A new runner, forked by the nursery; kNone if there may be no more.
  int Add();
  void Give(int runner, uint64_t number, uint32_t job_slot);

  // Calls on_done with each job that has been carried out meanwhile.
  void Collect(const std::function<void(uint64_t)>& on_done);

  // A process has ended: which runner it was. Collect first.
  int Find(pid_t pid) const;
  // Forgets it; returns the jobs that it did not carry out.
  std::deque<uint64_t> Remove(int runner);

  int busy() const { return busy_; }
  // So many more jobs are worth waking up for.
  uint64_t Batch() const;

 private:
  struct Runner {
    bool is_alive = false;
    std::deque<uint64_t> queue;
    uint32_t collected = 0;
    uint32_t measured = 0;
    uint64_t cpu_ns = 0;
    uint64_t steps = 0;
  };
  struct Heat {
    uint64_t picks = 0;
    uint64_t last = 0;
  };

  // Draws and events from the nursery, or from an image, to a splitpoint; and
  // the building of the world.
  uint64_t StepsTo(int splitpoint) const;
  uint64_t StepsBetween(int from, int splitpoint) const;
  double NsOf(uint64_t steps) const;
  double NsOfJob() const;
  double NsOfImage() const;
  void CollectCost(Runner& runner, const RunnerSlot& slot);
  double ShareOfPicked() const;
  bool CanStore() const;
  size_t MaxQueue() const;
  int ShortestQueue() const;
  bool MayAdd() const;

  const SnapshotMode mode_;
  const int limit_;
  // The coordinator. If not, nobody runs while it works.
  const bool has_own_core_;
  const bool has_images_;
  Region* const region_;
  const Archive* const archive_;
  std::vector<Runner> runners_;
  std::vector<Heat> heat_;  // by splitpoint
  size_t picked_ = 0;       // splitpoints that any job came back to
  int busy_ = 0;
  // What has been measured: jobs, what they executed, and their CPU time.
  uint64_t jobs_ = 0;
  uint64_t steps_ = 0;
  uint64_t cpu_ns_ = 0;
};

}  // namespace moonpool::explorer

#endif  // MOONPOOL_EXPLORER_SEARCH_RUNNER_SET_H_
