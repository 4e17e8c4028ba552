// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/search/process_pool.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <deque>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "explorer/checkpoint/orders.h"
#include "explorer/checkpoint/timeline.h"
#include "explorer/fault/fault.h"
#include "explorer/shared/cores.h"
#include "providers/base/check.h"

namespace moonpool::explorer {
namespace {

// A runner may die between two jobs, but hardly so often before the same one.
constexpr int kMaxDeserted = 3;
// However short the watchdog: a machine may be busy with something else for so
// long before it starts a process.
constexpr absl::Duration kShortestStandstill = absl::Seconds(30);
// To look at all processes takes the longer the more there are.
constexpr uint64_t kReapAllEvery = 16;

sigset_t OwnSignals() {
  sigset_t mask;
  sigemptyset(&mask);
  for (int signal : {SIGCHLD, SIGINT, SIGTERM, kRunnerSignal}) sigaddset(&mask, signal);
  return mask;
}

}  // namespace

ProcessPool::ProcessPool(const Options& options, SimulationBuilder simulation,
                         const Archive& archive)
    : options_(options),
      simulation_(std::move(simulation)),
      archive_(archive),
      region_(Region::Map()),
      image_pool_(options.snapshot == SnapshotMode::kFork
                      ? nullptr
                      : std::make_unique<ImagePool>()),
      jobs_(options.lag),
      runners_({.mode = options.snapshot,
                .workers = options.workers,
                .cores = CoreCount(),
                .has_images = image_pool_ != nullptr && image_pool_->is_open()},
               region_, &archive_),
      images_(image_pool_.get(), &archive_, options.max_checkpoints),
      parked_(options.max_checkpoints, region_, &archive_) {
  region_->ignores_edges = options.edges ? 0 : 1;
  // Signals are taken by sigtimedwait in Wait; children inherit the mask, so
  // that an interrupt from the terminal reaches the coordinator alone.
  const sigset_t mask = OwnSignals();
  sigprocmask(SIG_BLOCK, &mask, &old_mask_);
}

ProcessPool::~ProcessPool() {
  Shutdown();
  Region::Unmap(region_);
  sigprocmask(SIG_SETMASK, &old_mask_, nullptr);
}

void ProcessPool::Start() {
  region_->coordinator_pid = getpid();
  region_->memory_limit = options_.memory_limit;
  std::fflush(nullptr);  // or the child would own copies of unwritten output
  const pid_t pid = fork();
  CHECK(pid >= 0) << "fork failed";
  if (pid == 0) {
    setpgid(0, 0);
    RunNursery(region_, image_pool_.get(), &simulation_, options_.splits);
  }
  setpgid(pid, pid);  // on both sides, as either may be first
  group_ = pid;
  region_->checkpoints[kNursery].pid.store(pid);
  region_->free_workers.store(static_cast<uint32_t>(options_.workers));
  ReadClock();
  stands_still_since_ = now_;
}

void ProcessPool::Submit(Job next, uint64_t known_until) {
  const uint64_t number = next.number;
  CHECK_EQ(number, submitted_);
  ++submitted_;
  parked_.CountPick(next.from.splitpoint, number);
  runners_.CountPick(next.from.splitpoint, number);
  job(number) = std::move(next);
  JobOrder& given = order(number);
  given.job = number;
  given.known_until = known_until;
  given.free_count = 0;
  given.recreate = -1;
  given.image_count = 0;
  given.new_image_count = 0;
  given.store = {};
  ++running_;
  ++waiting_;
  HandOut();
}

void ProcessPool::SubmitDone(Job next) {
  const uint64_t number = next.number;
  CHECK_EQ(number, submitted_);
  ++submitted_;
  next.is_done = true;
  job(number) = std::move(next);
  order(number).free_count = 0;
  order(number).recreate = -1;
  order(number).new_image_count = 0;
  order(number).store = {};
}

void ProcessPool::RunGuarded(uint64_t number) {
  CHECK_EQ(number, finished_);
  parked_.TakeBackFrom(order(number));
  parked_.TakeBackRecreated(order(number), job(number).from.splitpoint,
                            /*is_needed=*/false);
  KillCondemned();
  Job& again = job(number);
  CHECK(again.is_done);
  again.is_done = again.is_killed = again.is_lost = false;
  again.is_guarded = true;
  ++running_;
  TakeBack(number);
  HandOut();
}

void ProcessPool::HandOut() {
  for (uint64_t n = finished_; waiting_ > 0 && n < submitted_; ++n) {
    const bool is_alone = forked_ + runners_.busy() == 0;
    const bool may_run = !job(n).is_guarded || is_alone;
    if (job(n).is_waiting() && may_run && HandOut(n)) --waiting_;
    // So that it stays alone until it is committed; it is the next for that.
    if (job(n).is_guarded) return;
  }
}

bool ProcessPool::HandOut(uint64_t number) {
  using Way = RunnerSet::Choice::Way;
  Job& next = job(number);
  const int splitpoint = next.from.splitpoint;
  const int nearest = images_.NearestTo(splitpoint);
  RunnerSet::Choice choice = {.way = Way::kFork};
  if (!next.is_guarded) {
    choice = runners_.Choose(splitpoint, nearest,
                             forked_ + runners_.busy() < options_.workers);
  }
  if (choice.way == Way::kWait) return false;
  if (choice.way == Way::kFork && !region_->TakeWorker()) return false;
  const auto job_slot =
      static_cast<uint32_t>(number % static_cast<uint64_t>(options_.lag));
  if (choice.way == Way::kFork) {
    const int ancestor =
        next.is_guarded ? Job::kNone : parked_.FindLivingAncestor(splitpoint);
    Prepare(number, ancestor);
    if (!next.is_guarded) {
      parked_.LendTo(order(number), /*recreate=*/ancestor != splitpoint);
    }
    next.checkpoint = ancestor == Job::kNone ? kNursery : parked_.At(ancestor);
    ++forked_;
    Order(region_, next.checkpoint, job_slot);
    return true;
  }
  if (choice.way == Way::kNewRunner) choice.runner = runners_.Add();
  Prepare(number, Job::kNone);
  if (runners_.PaysToPark(splitpoint)) {
    parked_.LendTo(order(number), /*recreate=*/false);
  }
  LendImages(number, nearest);
  next.runner = choice.runner;
  runners_.Give(choice.runner, number, job_slot);
  return true;
}

void ProcessPool::LendImages(uint64_t number, int nearest) {
  const int splitpoint = job(number).from.splitpoint;
  JobOrder& given = order(number);
  images_.List(splitpoint, number, given);
  if (given.store.generation == 0 &&
      runners_.PaysToStore(splitpoint, nearest)) {
    given.store = images_.Lend(number);
    if (given.store.generation != 0) images_.Assign(given.store, splitpoint);
  }
  if (!runners_.PaysToStoreDiscoveries()) return;
  while (given.new_image_count < kMaxNewImages) {
    const ImageRef image = images_.Lend(number);
    if (image.generation == 0) return;
    given.new_images[given.new_image_count++] = image;
  }
}

void ProcessPool::Prepare(uint64_t number, int ancestor) {
  const Job& next = job(number);
  JobOrder& given = order(number);
  const size_t known =
      ancestor < 0 ? 0 : archive_.splitpoints()[ancestor].segments.size();
  given.root_seed = next.root_seed;
  given.is_guarded = next.is_guarded ? 1 : 0;
  const int splitpoint = next.from.splitpoint;
  given.split_ordinal = splitpoint == Departure::kNone
                            ? 0
                            : archive_.splitpoints()[splitpoint].ordinal;
  CHECK_LE(next.segments.size(), kMaxPath) << "a recipe is too long";
  given.path_size = static_cast<uint32_t>(
      next.segments.size() - std::min(known, next.segments.size()));
  Breakpoint* const path = region_->PathOf(
      number % static_cast<uint64_t>(options_.lag), given.path_size);
  std::copy(next.segments.end() - given.path_size, next.segments.end(), path);
  JobSlot& result = slot(number);
  result.pid.store(0);
  result.finished.store(0);
  result.fault.Reset();
  result.discovery_count.store(0);
  result.arrival_count.store(0);
  result.edge_count.store(0);
  result.has_violation.store(0);
  result.discoveries_dropped = 0;
  result.told = 0;
}

bool ProcessPool::Owes(int checkpoint) {
  for (uint64_t n = finished_; n < submitted_; ++n) {
    if (!job(n).is_done && job(n).checkpoint == checkpoint && PidOf(n) == 0) {
      return true;
    }
  }
  return false;
}

void ProcessPool::KillCondemned() {
  parked_.KillCondemned([this](int checkpoint) { return Owes(checkpoint); },
                        [this](pid_t pid) { Kill(pid, SIGKILL); });
}

void ProcessPool::Adopt(uint64_t number, int checkpoint, int image,
                        int splitpoint) {
  parked_.Adopt(checkpoint, splitpoint, finished_);
  const JobOrder& given = order(number);
  for (uint32_t i = 0; i < given.new_image_count; ++i) {
    const ImageRef& stored = given.new_images[i];
    if (static_cast<int>(stored.slot) == image && image_pool_->Has(stored)) {
      images_.Assign(stored, splitpoint);
    }
  }
}

void ProcessPool::Retire(int splitpoint) {
  parked_.Retire(splitpoint);
  images_.Retire(splitpoint);
}

void ProcessPool::Finish(uint64_t number, bool is_needed) {
  CHECK_EQ(number, finished_);
  JobOrder& done = order(number);
  parked_.TakeBackFrom(done);
  parked_.TakeBackRecreated(done, job(number).from.splitpoint, is_needed);
  images_.Finish(number, done);
  ++finished_;
  parked_.Evict();
  KillCondemned();
  if (job(number).is_guarded) HandOut();  // to those that had to wait for it
}

void ProcessPool::Wait(absl::Time deadline) {
  if (CollectFromRunners()) {
    HandOut();
    return;
  }
  region_->wake_at.store(seen_done_ + runners_.Batch());
  region_->coordinator_sleeps.store(1);
  int signal = -1;
  siginfo_t info = {};
  // A runner that is done from here on sees that it has to wake us.
  if (region_->jobs_done.load() == seen_done_) {
    const sigset_t mask = OwnSignals();
    const timespec timeout =
        absl::ToTimespec(std::max(deadline - now_, absl::ZeroDuration()));
    signal = sigtimedwait(&mask, &info, &timeout);
  }
  region_->coordinator_sleeps.store(0);
  ReadClock();
  if (signal == SIGINT || signal == SIGTERM) interrupted_ = true;
  CollectFromRunners();
  const bool is_known = signal == SIGCHLD && ReapJob(info.si_pid);
  if (!is_known && signal != kRunnerSignal) ReapAll();
  EndLostJobs();
  KillHungJobs();
  HandOut();
}

bool ProcessPool::CollectFromRunners() {
  const uint64_t done = region_->jobs_done.load();
  if (done == seen_done_) return false;
  seen_done_ = done;
  runners_.Collect([this](uint64_t number) {
    Job& ended = job(number);
    ended.is_done = true;
    ended.wait_status = 0;
    --running_;
    ++rewound_;
  });
  return true;
}

// Signals that are pending at once are one, so that it tells of one process
// only; those that had better be reaped soon are those of jobs.
bool ProcessPool::ReapJob(pid_t told) {
  if (++reaps_ % kReapAllEvery == 0) return false;
  bool is_known = false;
  for (uint64_t n = finished_; n < submitted_; ++n) {
    if (job(n).is_done || job(n).checkpoint == Job::kNone) continue;
    const pid_t pid = PidOf(n);
    int status = 0;
    if (pid <= 1 || waitpid(pid, &status, WNOHANG) != pid) continue;
    is_known = is_known || pid == told;
    Reaped(pid, status);
  }
  return is_known;
}

void ProcessPool::ReapAll() {
  for (;;) {
    int status = 0;
    const pid_t pid = waitpid(-group_, &status, WNOHANG);
    if (pid <= 0) return;
    Reaped(pid, status);
  }
}

void ProcessPool::Reaped(pid_t pid, int wait_status) {
  const int runner = runners_.Find(pid);
  if (runner != RunnerSet::kNone) {
    RunnerDied(runner, pid, wait_status);
    return;
  }
  if (EndJobOf(pid, wait_status)) {
    EndFork();
    return;
  }
  for (size_t i = 0; i < kMaxCheckpoints; ++i) {
    if (region_->checkpoints[i].pid.load() != pid) continue;
    CheckpointDied(static_cast<int>(i));
    return;
  }
  ++lost_;
}

bool ProcessPool::EndJobOf(pid_t pid, int wait_status) {
  for (uint64_t n = finished_; n < submitted_; ++n) {
    Job& ended = job(n);
    if (ended.is_done || ended.is_waiting() || PidOf(n) != pid) continue;
    End(ended, wait_status);
    return true;
  }
  return false;
}

void ProcessPool::End(Job& ended, int wait_status) {
  ended.is_done = true;
  ended.wait_status = wait_status;
  --running_;
  stands_still_since_ = now_;  // it ran until now
}

pid_t ProcessPool::PidOf(uint64_t number) {
  Job& looked_at = job(number);
  if (looked_at.pid != 0) return looked_at.pid;
  looked_at.pid = slot(number).pid.load(std::memory_order_acquire);
  looked_at.begun = now_;
  return looked_at.pid;
}

bool ProcessPool::IsOwn(pid_t pid) const {
  // Also one that has ended and waits to be reaped has its group.
  return pid > 1 && getpgid(pid) == group_;
}

void ProcessPool::EndLostJobs() {
  if (lost_ == 0) return;
  std::vector<Job*> lost;
  for (uint64_t n = finished_; n < submitted_; ++n) {
    Job& candidate = job(n);
    if (!candidate.is_done && !candidate.is_waiting() &&
        candidate.runner == Job::kNone && !IsOwn(PidOf(n))) {
      lost.push_back(&candidate);
    }
  }
  // Some have yet to begin, or to end: it will soon be known which.
  if (lost.size() > lost_) return;
  lost_ = 0;
  for (Job* ended : lost) {
    ended->is_lost = true;
    End(*ended, 0);
    EndFork();
  }
}

// In the middle of a job, which is how that one ended; or because it could not
// be put back after one. Those that wait for it go elsewhere.
void ProcessPool::RunnerDied(int runner, pid_t pid, int wait_status) {
  if (region_->runners[runner].has_worker.exchange(0) != 0) {
    ReturnWorker(region_);
  }
  if (region_->runners[runner].waits_for_worker.exchange(0) != 0) {
    region_->wait_for_worker.fetch_sub(1);
  }
  CollectFromRunners();
  const bool has_ended = EndJobOf(pid, wait_status);
  const std::deque<uint64_t> queue = runners_.Remove(runner);
  if (!has_ended && !queue.empty()) {
    // Its pid may have been overwritten, with zeros even.
    Job& next = job(queue.front());
    if (PidOf(next.number) != 0 || ++next.deserted == kMaxDeserted) {
      next.is_lost = true;
      End(next, wait_status);
    }
  }
  for (const uint64_t n : queue) {
    if (!job(n).is_done) TakeBack(n);
  }
}

void ProcessPool::EndFork() {
  --forked_;
  ReturnWorker(region_);
}

void ProcessPool::TakeBack(uint64_t number) {
  job(number).checkpoint = Job::kNone;
  job(number).runner = Job::kNone;
  job(number).pid = 0;
  ++waiting_;
}

void ProcessPool::CheckpointDied(int checkpoint) {
  if (checkpoint == kNursery) {
    failure_ = absl::InternalError(
        "the process that all timelines start from was killed, most likely as "
        "memory ran out: use fewer --workers or --max_checkpoints");
    return;
  }
  if (parked_.Died(checkpoint)) return;
  // Killed from outside, most likely for its memory. Whatever it was to fork
  // is ordered again, elsewhere.
  for (uint64_t n = finished_; n < submitted_; ++n) {
    if (!job(n).is_done && job(n).checkpoint == checkpoint && PidOf(n) == 0) {
      EndFork();
      TakeBack(n);
    }
  }
}

bool ProcessPool::Kill(pid_t pid, int signal) {
  if (!IsOwn(pid)) return false;
  kill(pid, signal);
  return true;
}

void ProcessPool::KillHungJobs() {
  bool is_any_running = false;
  for (uint64_t n = finished_; n < submitted_; ++n) {
    if (job(n).is_done || job(n).is_waiting() || PidOf(n) == 0) continue;
    const pid_t pid = job(n).pid;
    is_any_running = true;
    if (job(n).is_killed || now_ - job(n).begun < options_.watchdog) continue;
    job(n).is_killed = true;
    if (Kill(pid, kHangSignal)) continue;
    failure_ = absl::InternalError(absl::StrCat(
        "the process of timeline ", n,
        " is lost: most likely the code under test has overwritten the "
        "explorer's memory"));
    return;
  }
  // Jobs wait for others to end, but somebody must be running.
  if (is_any_running || running_ == 0) stands_still_since_ = now_;
  const absl::Duration longest =
      std::max(options_.watchdog, kShortestStandstill);
  if (now_ - stands_still_since_ < longest) return;
  failure_ = absl::InternalError(absl::StrCat("no timeline has started for ",
                                              absl::FormatDuration(longest)));
}

void ProcessPool::Shutdown() {
  if (group_ == 0) return;
  kill(-group_, SIGKILL);
  while (waitpid(-group_, nullptr, 0) > 0) {
  }
  group_ = 0;
}

}  // namespace moonpool::explorer
