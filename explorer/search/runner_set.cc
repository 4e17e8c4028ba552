// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/search/runner_set.h"

#include <signal.h>

#include <algorithm>
#include <utility>

#include "explorer/checkpoint/timeline.h"
#include "providers/base/check.h"

namespace moonpool::explorer {
namespace {

// What things cost, in nanoseconds; from explorer:benchmarks, and only orders
// of magnitude matter.
constexpr double kForkNs = 130e3;       // fork, page faults, exit, wait
constexpr double kNewRunnerNs = 300e3;  // and its snapshot
constexpr double kSwitchNs = 20e3;      // a worker goes to another runner
constexpr double kStepNs = 100;         // until it has been measured
// To build a world is so many steps' worth.
constexpr uint64_t kBuildSteps = 50;
// A job is not queued behind more than this: another worker may become free.
constexpr double kMaxQueueNs = 400e3;
// Nor does the coordinator sleep for longer while jobs come in.
constexpr double kMaxSleepNs = 400e3;
// Picks of a splitpoint count as one row if no more jobs lie between them.
constexpr uint64_t kRow = 64;
constexpr int kRunnersPerWorker = 8;

}  // namespace

RunnerSet::RunnerSet(SnapshotMode mode, int workers, Region* region,
                     const Archive* archive)
    : mode_(mode),
      workers_(workers),
      limit_(mode == SnapshotMode::kFork
                 ? 0
                 : std::min(static_cast<int>(kMaxRunners),
                            kRunnersPerWorker * workers)),
      region_(region),
      archive_(archive),
      runners_(kMaxRunners) {}

void RunnerSet::CountPick(int splitpoint, uint64_t number) {
  now_ = number;
  if (splitpoint == Job::kNone) return;
  if (splitpoint >= static_cast<int>(heat_.size())) {
    heat_.resize(archive_->splitpoints().size());
  }
  Heat& heat = heat_[splitpoint];
  if (heat.picks == 0) ++picked_;
  if (number - heat.last > kRow) heat.picks = 0;
  ++heat.picks;
  heat.last = number;
}

double RunnerSet::HeatOf(int splitpoint) const {
  return splitpoint == Job::kNone
             ? 0
             : static_cast<double>(heat_[splitpoint].picks);
}

uint64_t RunnerSet::StepsTo(int splitpoint) const {
  if (splitpoint == Job::kNone) return 0;
  const Splitpoint& point = archive_->splitpoints()[splitpoint];
  return kBuildSteps + point.draws + point.events;
}

uint64_t RunnerSet::StepsBetween(int place, int splitpoint) const {
  return StepsTo(splitpoint) - StepsTo(place);
}

uint64_t RunnerSet::StepsFrom(int runner, uint64_t executed) const {
  return kBuildSteps + executed - StepsTo(runners_[runner].place);
}

double RunnerSet::NsOf(uint64_t steps) const {
  const double per_step =
      steps_ == 0 ? kStepNs
                  : static_cast<double>(cpu_ns_) / static_cast<double>(steps_);
  return per_step * static_cast<double>(steps);
}

double RunnerSet::NsOfJob() const {
  return jobs_ == 0
             ? kForkNs
             : static_cast<double>(cpu_ns_) / static_cast<double>(jobs_);
}

size_t RunnerSet::MaxQueue() const {
  return std::max(size_t{2},
                  static_cast<size_t>(kMaxQueueNs / std::max(1.0, NsOfJob())));
}

uint64_t RunnerSet::Batch() const {
  size_t queued = 0;
  for (int i = 0; i < used_; ++i) queued += runners_[i].queue.size();
  const auto in_time =
      static_cast<size_t>(kMaxSleepNs / std::max(1.0, NsOfJob()));
  return std::max(size_t{1}, std::min(queued / 2, in_time));
}

int RunnerSet::CountAt(int place) const {
  return static_cast<int>(
      std::count_if(runners_.begin(), runners_.end(), [place](const Runner& r) {
        return r.state == Runner::State::kAlive && r.place == place;
      }));
}

RunnerSet::Choice RunnerSet::Choose(
    int splitpoint, bool has_free_worker,
    const std::function<bool(int)>& is_alive) const {
  using Way = Choice::Way;
  const Choice fork = {.way = has_free_worker ? Way::kFork : Way::kWait};
  if (limit_ == 0) return fork;
  // From the splitpoint up as far as a replay costs less than a fork.
  const bool replays = mode_ == SnapshotMode::kAuto;
  double replay_ns = 0;
  for (int place = splitpoint;;) {
    replay_ns = NsOf(StepsBetween(place, splitpoint));
    if (place != splitpoint && (!replays || replay_ns > kForkNs)) break;
    const int shortest = ShortestQueueAt(place);
    if (shortest != kNone) {
      if (place != splitpoint &&
          PaysToStandAt(splitpoint, replay_ns, is_alive(splitpoint)) &&
          MayAdd()) {
        break;
      }
      const size_t queued = runners_[shortest].queue.size();
      const bool wants_another =
          has_free_worker && queued > 0 && MayAdd() &&
          CountAt(place) < workers_ && (place == Job::kNone || is_alive(place));
      if (wants_another) return {.way = Way::kNewRunner, .place = place};
      if (queued < MaxQueue()) {
        return {.way = Way::kRunner, .runner = shortest};
      }
      return {};
    }
    if (place == Job::kNone) break;
    place = archive_->splitpoints()[place].parent;
  }
  if (!has_free_worker || !MayAdd()) return fork;
  const bool can_stand_here = splitpoint == Job::kNone || is_alive(splitpoint);
  if (!replays) {
    return can_stand_here ? Choice{.way = Way::kNewRunner, .place = splitpoint}
                          : fork;
  }
  if (can_stand_here && CountAt(splitpoint) < workers_ &&
      PaysToStandAt(splitpoint, std::min(replay_ns, kForkNs), true)) {
    return {.way = Way::kNewRunner, .place = splitpoint};
  }
  if (NsOf(StepsTo(splitpoint)) <= kForkNs && CountAt(Job::kNone) == 0) {
    return {.way = Way::kNewRunner, .place = Job::kNone};
  }
  return fork;
}

// As many jobs are likely to come as have come of late, in a row.
bool RunnerSet::PaysToStandAt(int splitpoint, double way_ns,
                              bool is_alive) const {
  if (splitpoint == Job::kNone) return false;
  const Heat& heat = heat_[splitpoint];
  const bool is_tried = heat.parked_at != 0 && now_ - heat.parked_at < kRow;
  if (!is_alive && is_tried) return false;
  return HeatOf(splitpoint) * (way_ns - kSwitchNs) >
         kNewRunnerNs + (is_alive ? 0 : kForkNs);
}

void RunnerSet::CountParking(int splitpoint) {
  heat_[splitpoint].parked_at = now_;
}

int RunnerSet::ShortestQueueAt(int place) const {
  int shortest = kNone;
  for (int i = 0; i < used_; ++i) {
    const Runner& runner = runners_[i];
    if (runner.state != Runner::State::kAlive || runner.place != place) {
      continue;
    }
    if (shortest == kNone ||
        runner.queue.size() < runners_[shortest].queue.size()) {
      shortest = i;
    }
  }
  return shortest;
}

bool RunnerSet::PaysToPark(int splitpoint) const {
  if (mode_ != SnapshotMode::kAuto) return true;
  const double job_ns = jobs_ == 0 ? 0 : NsOfJob();
  const double replay_ns = NsOf(StepsTo(splitpoint)) + job_ns;
  const double picked = static_cast<double>(picked_ + 1) /
                        static_cast<double>(archive_->splitpoints().size());
  return replay_ns * std::min(picked, 1.0) >= kForkNs;
}

int RunnerSet::ColdestIdle() const {
  int coldest = kNone;
  for (int i = 0; i < static_cast<int>(runners_.size()); ++i) {
    const Runner& runner = runners_[i];
    if (runner.state != Runner::State::kAlive || !runner.queue.empty() ||
        region_->runners[i].pid.load() == 0) {
      continue;
    }
    if (coldest == kNone || runner.last_used < runners_[coldest].last_used) {
      coldest = i;
    }
  }
  return coldest;
}

bool RunnerSet::MayAdd() const {
  int alive = 0;
  int free = 0;
  for (const Runner& runner : runners_) {
    if (runner.state == Runner::State::kAlive) ++alive;
    if (runner.state == Runner::State::kFree) ++free;
  }
  return free > 0 && (alive < limit_ || ColdestIdle() != kNone);
}

int RunnerSet::Add(int place, int checkpoint) {
  int alive = 0;
  int added = kNone;
  for (int i = static_cast<int>(runners_.size()) - 1; i >= 0; --i) {
    if (runners_[i].state == Runner::State::kAlive) ++alive;
    if (runners_[i].state == Runner::State::kFree) added = i;
  }
  CHECK_GE(added, 0);
  used_ = std::max(used_, added + 1);
  if (alive >= limit_) {
    const int coldest = ColdestIdle();
    CHECK_GE(coldest, 0);
    runners_[coldest].state = Runner::State::kDying;
    kill(region_->runners[coldest].pid.load(), SIGKILL);
  }
  Runner& runner = runners_[added];
  runner = Runner();
  runner.state = Runner::State::kAlive;
  runner.place = place;
  runner.checkpoint = checkpoint;
  runner.order_index = region_->checkpoint_orders[checkpoint].ordered.load();
  runner.last_used = now_;
  RunnerSlot& slot = region_->runners[added];
  slot.pid.store(0);
  region_->runner_orders[added].ordered.store(0);
  slot.done.store(0);
  slot.cpu_ns.store(0);
  slot.forks_ns = 0;
  slot.has_worker.store(0);
  slot.waits_for_worker.store(0);
  OrderRunner(region_, checkpoint, static_cast<uint32_t>(added));
  return added;
}

void RunnerSet::Give(int index, uint64_t number, uint32_t job_slot) {
  Runner& runner = runners_[index];
  if (runner.queue.empty()) ++busy_;
  runner.queue.push_back(number);
  runner.last_used = number;
  OrderJob(region_, static_cast<uint32_t>(index), job_slot);
}

void RunnerSet::Collect(const std::function<uint64_t(uint64_t)>& on_done) {
  for (int i = 0; i < used_; ++i) {
    Runner& runner = runners_[i];
    if (runner.queue.empty()) continue;
    RunnerSlot& slot = region_->runners[i];
    const uint32_t done = slot.done.load(std::memory_order_acquire);
    if (runner.collected == done) continue;
    // Its first job does not count: it pays for memory that is still shared.
    const bool counts = runner.collected > 0;
    const uint64_t cpu_ns = slot.cpu_ns.load(std::memory_order_relaxed);
    if (counts) cpu_ns_ += cpu_ns - runner.cpu_ns;
    runner.cpu_ns = cpu_ns;
    for (; runner.collected != done; ++runner.collected) {
      const uint64_t number = runner.queue.front();
      runner.queue.pop_front();
      const uint64_t steps = on_done(number);
      if (!counts) continue;
      ++jobs_;
      steps_ += steps;
    }
    if (runner.queue.empty()) --busy_;
  }
}

int RunnerSet::Find(pid_t pid) const {
  for (int i = 0; i < used_; ++i) {
    if (runners_[i].state != Runner::State::kFree &&
        region_->runners[i].pid.load() == pid) {
      return i;
    }
  }
  return kNone;
}

int RunnerSet::FindOwed(int checkpoint) const {
  for (int i = 0; i < used_; ++i) {
    const Runner& runner = runners_[i];
    if (runner.state == Runner::State::kAlive &&
        runner.checkpoint == checkpoint &&
        region_->runners[i].pid.load() == 0 &&
        region_->checkpoints[checkpoint].taken <= runner.order_index) {
      return i;
    }
  }
  return kNone;
}

std::deque<uint64_t> RunnerSet::Remove(int index) {
  Runner& runner = runners_[index];
  if (!runner.queue.empty()) --busy_;
  runner.state = Runner::State::kFree;
  return std::exchange(runner.queue, {});
}

bool RunnerSet::IsFirst(int index, uint64_t number) const {
  return runners_[index].queue.front() == number;
}

}  // namespace moonpool::explorer
