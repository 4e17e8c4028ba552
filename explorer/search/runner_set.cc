// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/search/runner_set.h"

#include <algorithm>
#include <utility>

#include "explorer/checkpoint/orders.h"
#include "providers/base/check.h"

namespace moonpool::explorer {
namespace {

// What things cost, in nanoseconds; from explorer:benchmarks, and only orders
// of magnitude matter.
constexpr double kForkNs = 130e3;  // fork, page faults, exit, wait
// Until they have been measured: to find and store what has changed; a step.
constexpr double kImageNs = 100e3;
constexpr double kStepNs = 100;
// Until a coordinator that is woken up has handed out jobs again.
constexpr double kAnswerNs = 40e3;
// A job is not queued behind more than this: another worker may become free.
constexpr double kMaxQueueNs = 400e3;
// Nor does the coordinator sleep for longer while jobs come in.
constexpr double kMaxSleepNs = 400e3;
// Picks of a splitpoint count as one row if no more jobs lie between them.
constexpr uint64_t kRow = 64;
// So many images more may fail than are stored: some moments are unlike others.
constexpr uint32_t kMaxFailed = 8;

}  // namespace

RunnerSet::RunnerSet(const Options& options, Region* region,
                     const Archive* archive)
    : mode_(options.mode),
      limit_(options.mode == SnapshotMode::kFork
                 ? 0
                 : std::min(static_cast<int>(kMaxRunners), options.workers)),
      has_own_core_(options.cores > 1),
      has_images_(options.has_images),
      region_(region),
      archive_(archive),
      runners_(limit_) {}

void RunnerSet::CountPick(int splitpoint, uint64_t number) {
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

uint64_t RunnerSet::StepsTo(int splitpoint) const {
  if (splitpoint == Job::kNone) return 0;
  const Splitpoint& point = archive_->splitpoints()[splitpoint];
  return kBuildSteps + point.draws + point.events;
}

uint64_t RunnerSet::StepsBetween(int from, int splitpoint) const {
  return StepsTo(splitpoint) - StepsTo(from);
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

double RunnerSet::NsOfImage() const {
  const double stored = region_->images_stored.load();
  return (kImageNs + static_cast<double>(region_->images_ns.load())) /
         (1 + stored);
}

size_t RunnerSet::MaxQueue() const {
  if (limit_ == 1) return kMaxLag;  // no other could take them
  return std::max(size_t{2},
                  static_cast<size_t>(kMaxQueueNs / std::max(1.0, NsOfJob())));
}

uint64_t RunnerSet::Batch() const {
  size_t queued = 0;
  for (const Runner& runner : runners_) queued += runner.queue.size();
  const double job_ns = std::max(1.0, NsOfJob());
  if (limit_ == 1) {
    const size_t left =
        has_own_core_ ? 1 + static_cast<size_t>(kAnswerNs / job_ns) : 0;
    return std::max({size_t{1}, queued / 2, queued - std::min(queued, left)});
  }
  const auto in_time = static_cast<size_t>(kMaxSleepNs / job_ns);
  return std::max(size_t{1}, std::min(queued / 2, in_time));
}

bool RunnerSet::CanStore() const {
  return has_images_ && region_->images_failed.load() <=
                            kMaxFailed + region_->images_stored.load();
}

double RunnerSet::ShareOfPicked() const {
  const double picked = static_cast<double>(picked_ + 1) /
                        static_cast<double>(archive_->splitpoints().size());
  return std::min(picked, 1.0);
}

RunnerSet::Choice RunnerSet::Choose(int splitpoint, int nearest,
                                    bool has_free_worker) const {
  using Way = Choice::Way;
  const Choice fork = {.way = has_free_worker ? Way::kFork : Way::kWait};
  if (mode_ == SnapshotMode::kFork) return fork;
  if (mode_ == SnapshotMode::kAuto && !CanStore() &&
      NsOf(StepsBetween(nearest, splitpoint)) > kForkNs) {
    return fork;
  }
  const int shortest = ShortestQueue();
  const bool is_free =
      shortest != kNone && runners_[shortest].queue.empty();
  if (!is_free && has_free_worker && MayAdd()) return {.way = Way::kNewRunner};
  if (shortest == kNone || runners_[shortest].queue.size() >= MaxQueue()) {
    return {};
  }
  return {.way = Way::kRunner, .runner = shortest};
}

bool RunnerSet::PaysToStore(int splitpoint, int nearest) const {
  if (splitpoint == Job::kNone || nearest == splitpoint) return false;
  if (mode_ == SnapshotMode::kRewind) return true;
  return CanStore() && static_cast<double>(heat_[splitpoint].picks) *
                               NsOf(StepsBetween(nearest, splitpoint)) >=
                           NsOfImage();
}

// They lie in the middle of the job, on average.
bool RunnerSet::PaysToStoreDiscoveries() const {
  if (mode_ == SnapshotMode::kRewind) return true;
  return CanStore() && jobs_ > 0 &&
         NsOfJob() / 2 * ShareOfPicked() >= NsOfImage();
}

bool RunnerSet::PaysToPark(int splitpoint) const {
  if (mode_ == SnapshotMode::kFork) return true;
  if (mode_ == SnapshotMode::kRewind || CanStore()) return false;
  const double job_ns = jobs_ == 0 ? 0 : NsOfJob();
  return (NsOf(StepsTo(splitpoint)) + job_ns) * ShareOfPicked() >= kForkNs;
}

int RunnerSet::ShortestQueue() const {
  int shortest = kNone;
  for (int i = 0; i < static_cast<int>(runners_.size()); ++i) {
    if (!runners_[i].is_alive) continue;
    if (shortest == kNone ||
        runners_[i].queue.size() < runners_[shortest].queue.size()) {
      shortest = i;
    }
  }
  return shortest;
}

bool RunnerSet::MayAdd() const {
  return std::any_of(runners_.begin(), runners_.end(),
                     [](const Runner& runner) { return !runner.is_alive; });
}

int RunnerSet::Add() {
  const auto free = std::find_if(
      runners_.begin(), runners_.end(),
      [](const Runner& runner) { return !runner.is_alive; });
  CHECK(free != runners_.end());
  const auto added = static_cast<int>(free - runners_.begin());
  *free = Runner();
  free->is_alive = true;
  RunnerSlot& slot = region_->runners[added];
  slot.pid.store(0);
  region_->runner_orders[added].ordered.store(0);
  slot.done.store(0);
  slot.cpu_ns.store(0);
  slot.steps = 0;
  slot.measured.store(0);
  slot.measured_steps.store(0);
  slot.left_out_ns = 0;
  slot.has_worker.store(0);
  slot.waits_for_worker.store(0);
  OrderRunner(region_, static_cast<uint32_t>(added));
  return added;
}

void RunnerSet::Give(int index, uint64_t number, uint32_t job_slot) {
  Runner& runner = runners_[index];
  if (runner.queue.empty()) ++busy_;
  runner.queue.push_back(number);
  OrderJob(region_, static_cast<uint32_t>(index), job_slot);
}

void RunnerSet::Collect(const std::function<void(uint64_t)>& on_done) {
  for (size_t i = 0; i < runners_.size(); ++i) {
    Runner& runner = runners_[i];
    if (runner.queue.empty()) continue;
    RunnerSlot& slot = region_->runners[i];
    const uint32_t done = slot.done.load(std::memory_order_acquire);
    if (runner.collected == done) continue;
    CollectCost(runner, slot);
    for (; runner.collected != done; ++runner.collected) {
      const uint64_t number = runner.queue.front();
      runner.queue.pop_front();
      on_done(number);
    }
    if (runner.queue.empty()) --busy_;
  }
}

void RunnerSet::CollectCost(Runner& runner, const RunnerSlot& slot) {
  const uint64_t cpu_ns = slot.cpu_ns.load(std::memory_order_relaxed);
  const uint64_t steps = slot.measured_steps.load(std::memory_order_relaxed);
  const uint32_t measured = slot.measured.load(std::memory_order_relaxed);
  // Its first job does not count: it pays for memory that is still shared.
  if (runner.measured > 0) {
    cpu_ns_ += cpu_ns - runner.cpu_ns;
    steps_ += steps - runner.steps;
    jobs_ += measured - runner.measured;
  }
  runner.cpu_ns = cpu_ns;
  runner.steps = steps;
  runner.measured = measured;
}

int RunnerSet::Find(pid_t pid) const {
  for (size_t i = 0; i < runners_.size(); ++i) {
    if (runners_[i].is_alive && region_->runners[i].pid.load() == pid) {
      return static_cast<int>(i);
    }
  }
  return kNone;
}

std::deque<uint64_t> RunnerSet::Remove(int index) {
  Runner& runner = runners_[index];
  if (!runner.queue.empty()) --busy_;
  runner.is_alive = false;
  return std::exchange(runner.queue, {});
}

}  // namespace moonpool::explorer
