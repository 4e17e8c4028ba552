// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/search/process_pool.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "explorer/checkpoint/timeline.h"
#include "explorer/recipe/outcome.h"
#include "providers/base/check.h"

namespace moonpool::explorer {
namespace {

constexpr int kRootSplitpoint = 0;

sigset_t OwnSignals() {
  sigset_t mask;
  sigemptyset(&mask);
  for (int signal : {SIGCHLD, SIGINT, SIGTERM}) sigaddset(&mask, signal);
  return mask;
}

}  // namespace

ProcessPool::ProcessPool(const Options& options, SimulationBuilder simulation,
                         const Archive& archive)
    : options_(options),
      simulation_(std::move(simulation)),
      archive_(archive),
      region_(Region::Map()),
      jobs_(options.lag),
      owner_(kMaxCheckpoints, -1),
      dying_(kMaxCheckpoints, false) {
  // Signals are taken by sigtimedwait in Wait; children inherit the mask, so
  // that an interrupt from the terminal reaches the coordinator alone.
  const sigset_t mask = OwnSignals();
  sigprocmask(SIG_BLOCK, &mask, &old_mask_);
  for (int i = static_cast<int>(kMaxCheckpoints) - 1; i > kNursery; --i) {
    free_checkpoints_.push_back(i);
  }
}

ProcessPool::~ProcessPool() {
  Shutdown();
  Region::Unmap(region_);
  sigprocmask(SIG_SETMASK, &old_mask_, nullptr);
}

void ProcessPool::Start() {
  region_->coordinator_pid = getpid();
  std::fflush(nullptr);  // or the child would own copies of unwritten output
  const pid_t pid = fork();
  CHECK(pid >= 0) << "fork failed";
  if (pid == 0) {
    setpgid(0, 0);
    RunNursery(region_, &simulation_);
  }
  setpgid(pid, pid);  // on both sides, as either may be first
  group_ = pid;
  region_->checkpoints[kNursery].pid.store(pid);
}

void ProcessPool::Submit(Job next, uint64_t known_until) {
  const uint64_t number = next.number;
  CHECK_EQ(number, submitted_);
  ++submitted_;
  if (next.splitpoint != Job::kNone) {
    if (next.splitpoint >= static_cast<int>(last_used_.size())) {
      last_used_.resize(archive_.splitpoints().size());
    }
    last_used_[next.splitpoint] = number;
  }
  job(number) = std::move(next);
  JobSlot& order = slot(number);
  order.job = number;
  order.known_until = known_until;
  order.free_count = 0;
  while (order.free_count < kMaxNewCheckpoints &&
         !free_checkpoints_.empty()) {
    order.free_checkpoints[order.free_count++] = TakeCheckpointSlot();
  }
  order.recreate = -1;
  GiveOrder(number);
  ++running_;
}

void ProcessPool::SubmitDone(Job next) {
  const uint64_t number = next.number;
  CHECK_EQ(number, submitted_);
  ++submitted_;
  next.is_done = true;
  job(number) = std::move(next);
  slot(number).free_count = 0;
  slot(number).recreate = -1;
}

// Hands the job to the process parked at its splitpoint, or else to the
// nearest living ancestor with the breakpoints that lead from there.
void ProcessPool::GiveOrder(uint64_t number) {
  Job& next = job(number);
  JobSlot& order = slot(number);
  const int from = FindLivingAncestor(next.splitpoint);
  const size_t known =
      from < 0 ? 0 : archive_.splitpoints()[from].segments.size();
  order.root_seed = next.root_seed;
  order.split_ordinal = next.splitpoint == Job::kNone
                            ? 0
                            : archive_.splitpoints()[next.splitpoint].ordinal;
  order.path_size = 0;
  CHECK_LE(next.segments.size(), kMaxPath) << "a recipe is too long";
  for (size_t i = known; i < next.segments.size(); ++i) {
    order.path[order.path_size++] = next.segments[i];
  }
  if (from != next.splitpoint && order.recreate < 0 &&
      !free_checkpoints_.empty()) {
    order.recreate = TakeCheckpointSlot();
  }
  order.pid.store(0);
  order.finished.store(0);
  order.discovery_count.store(0);
  order.again_count.store(0);
  order.has_violation.store(0);
  order.discoveries_dropped = 0;
  next.started = absl::Now();
  next.checkpoint = from < 0 ? kNursery : CheckpointOf(from);
  Order(region_, next.checkpoint,
        static_cast<uint32_t>(number % static_cast<uint64_t>(options_.lag)));
}

int ProcessPool::CheckpointOf(int splitpoint) const {
  return splitpoint < static_cast<int>(checkpoint_.size())
             ? checkpoint_[splitpoint]
             : -1;
}

// -1: none lives, so the way begins in the nursery.
int ProcessPool::FindLivingAncestor(int splitpoint) const {
  while (splitpoint >= 0 && CheckpointOf(splitpoint) < 0) {
    splitpoint = archive_.splitpoints()[splitpoint].parent;
  }
  return splitpoint;
}

int ProcessPool::TakeCheckpointSlot() {
  const int taken = free_checkpoints_.back();
  free_checkpoints_.pop_back();
  CheckpointSlot& checkpoint = region_->checkpoints[taken];
  checkpoint.pid.store(0);
  checkpoint.ordered.store(0);
  checkpoint.taken = 0;
  return taken;
}

void ProcessPool::ReturnCheckpointSlot(int checkpoint) {
  const pid_t pid = region_->checkpoints[checkpoint].pid.load();
  owner_[checkpoint] = -1;
  const bool is_condemned = std::find(condemned_.begin(), condemned_.end(),
                                      checkpoint) != condemned_.end();
  if (is_condemned || dying_[checkpoint]) return;
  (pid == 0 ? free_checkpoints_ : condemned_).push_back(checkpoint);
}

bool ProcessPool::Owes(int checkpoint) {
  for (uint64_t n = finished_; n < submitted_; ++n) {
    if (!job(n).is_done && job(n).checkpoint == checkpoint &&
        slot(n).pid.load() == 0) {
      return true;
    }
  }
  return false;
}

void ProcessPool::KillCondemned() {
  for (size_t i = 0; i < condemned_.size();) {
    const int checkpoint = condemned_[i];
    if (Owes(checkpoint)) {
      ++i;
      continue;
    }
    dying_[checkpoint] = true;
    kill(region_->checkpoints[checkpoint].pid.load(), SIGKILL);
    condemned_[i] = condemned_.back();
    condemned_.pop_back();
  }
}

void ProcessPool::EvictColdest() {
  int coldest = -1;
  for (const int splitpoint : owner_) {
    if (splitpoint <= kRootSplitpoint) continue;  // that one stays
    if (coldest < 0 || last_used_[splitpoint] < last_used_[coldest]) {
      coldest = splitpoint;
    }
  }
  CHECK_GE(coldest, 0);
  SetCheckpoint(coldest, -1);
}

// Makes checkpoint (or -1: none) the parked process of a splitpoint.
void ProcessPool::SetCheckpoint(int splitpoint, int checkpoint) {
  if (splitpoint >= static_cast<int>(checkpoint_.size())) {
    checkpoint_.resize(archive_.splitpoints().size(), -1);
  }
  int& at = checkpoint_[splitpoint];
  const int counted = splitpoint == kRootSplitpoint ? 0 : 1;
  if (at >= 0) {
    parked_ -= counted;
    ReturnCheckpointSlot(at);
  }
  at = checkpoint;
  if (checkpoint >= 0) {
    parked_ += counted;
    owner_[checkpoint] = splitpoint;
  }
}

void ProcessPool::Adopt(int checkpoint, int splitpoint) {
  last_used_.resize(archive_.splitpoints().size());
  last_used_[splitpoint] = finished_;
  if (checkpoint >= 0 && region_->checkpoints[checkpoint].pid.load() != 0) {
    SetCheckpoint(splitpoint, checkpoint);
  }
}

void ProcessPool::Retire(int splitpoint) { SetCheckpoint(splitpoint, -1); }

void ProcessPool::Finish(uint64_t number, bool is_needed) {
  CHECK_EQ(number, finished_);
  JobSlot& done = slot(number);
  for (uint32_t i = 0; i < done.free_count; ++i) {
    const int checkpoint = done.free_checkpoints[i];
    if (owner_[checkpoint] < 0) ReturnCheckpointSlot(checkpoint);
  }
  done.free_count = 0;
  if (const int recreated = std::exchange(done.recreate, -1); recreated >= 0) {
    // The splitpoint's process is back, unless nobody needs it any more or
    // another job has brought it back first.
    const int splitpoint = job(number).splitpoint;
    if (is_needed && CheckpointOf(splitpoint) < 0 &&
        region_->checkpoints[recreated].pid.load() != 0) {
      SetCheckpoint(splitpoint, recreated);
    } else {
      ReturnCheckpointSlot(recreated);
    }
  }
  ++finished_;
  while (parked_ > options_.max_checkpoints) EvictColdest();
  KillCondemned();
}

void ProcessPool::Wait(absl::Time deadline) {
  const sigset_t mask = OwnSignals();
  const timespec timeout =
      absl::ToTimespec(std::max(deadline - absl::Now(), absl::ZeroDuration()));
  const int signal = sigtimedwait(&mask, nullptr, &timeout);
  if (signal == SIGINT || signal == SIGTERM) interrupted_ = true;
  ReapAll();
  KillHungJobs();
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
  for (uint64_t n = finished_; n < submitted_; ++n) {
    Job& ended = job(n);
    if (ended.is_done || slot(n).pid.load() != pid) continue;
    ended.is_done = true;
    ended.wait_status = wait_status;
    --running_;
    return;
  }
  for (size_t i = 0; i < kMaxCheckpoints; ++i) {
    if (region_->checkpoints[i].pid.load() != pid) continue;
    CheckpointDied(static_cast<int>(i));
    return;
  }
}

void ProcessPool::CheckpointDied(int checkpoint) {
  region_->checkpoints[checkpoint].pid.store(0);
  if (dying_[checkpoint]) {
    dying_[checkpoint] = false;
    free_checkpoints_.push_back(checkpoint);
    return;
  }
  if (checkpoint == kNursery) {
    failure_ = absl::InternalError(
        "the process that all timelines start from was killed, most likely as "
        "memory ran out: use fewer --workers or --max_checkpoints");
    return;
  }
  // Killed from outside, most likely for its memory. Whatever it was to fork
  // is ordered again, elsewhere.
  const int owner = owner_[checkpoint];
  const bool was_condemned = std::erase(condemned_, checkpoint) > 0;
  if (owner >= 0) {
    SetCheckpoint(owner, -1);
  } else if (was_condemned) {
    free_checkpoints_.push_back(checkpoint);
  }
  for (uint64_t n = finished_; n < submitted_; ++n) {
    if (!job(n).is_done && job(n).checkpoint == checkpoint &&
        slot(n).pid.load() == 0) {
      GiveOrder(n);
    }
  }
}

void ProcessPool::KillHungJobs() {
  const absl::Time now = absl::Now();
  for (uint64_t n = finished_; n < submitted_; ++n) {
    if (job(n).is_done || now - job(n).started < options_.watchdog) continue;
    const pid_t pid = slot(n).pid.load();
    if (pid == 0) {
      failure_ = absl::InternalError(absl::StrCat(
          "timeline ", n, " did not start within ",
          absl::FormatDuration(options_.watchdog)));
      return;
    }
    kill(pid, kHangSignal);
    job(n).started = now;  // do not kill it again before it is reaped
  }
}

void ProcessPool::Shutdown() {
  if (group_ == 0) return;
  kill(-group_, SIGKILL);
  while (waitpid(-group_, nullptr, 0) > 0) {
  }
  group_ = 0;
}

}  // namespace moonpool::explorer
