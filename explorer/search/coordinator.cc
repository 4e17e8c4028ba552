// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/search/coordinator.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"
#include "explorer/checkpoint/timeline.h"
#include "explorer/recipe/outcome.h"
#include "explorer/recipe/recipe.h"
#include "providers/base/check.h"
#include "providers/base/hash.h"

namespace moonpool::explorer {
namespace {

constexpr int kRootCheckpoint = 0;

// The policy's randomness for one decision: a pure function of the campaign's
// seed and the job's number.
class DecisionRandom final : public Random {
 public:
  DecisionRandom(uint64_t seed, uint64_t job)
      : key_(Combine64(Combine64(seed, HashBytes("decision")), job)) {}
  uint64_t Next() override {
    return Mix64(key_ += 0x9E3779B97F4A7C15u);
  }

 private:
  uint64_t key_;
};

// Each job's seed is its own: never reused, different for every campaign seed.
uint64_t SeedOfJob(uint64_t root_seed, uint64_t job) {
  return Combine64(Combine64(root_seed, HashBytes("timeline")), job);
}

Violation ViolationOf(const ViolationRecord& record) {
  Violation violation;
  violation.identity = record.identity;
  violation.kind = std::string(record.kind.Get());
  violation.message = std::string(record.message.Get());
  violation.details = std::string(record.details.Get());
  violation.place = std::string(record.place.Get());
  violation.time_ns = record.time_ns;
  violation.event = record.event;
  violation.draw = record.draw;
  return violation;
}

double CpuSeconds(int who) {
  rusage usage;
  getrusage(who, &usage);
  auto seconds = [](const timeval& t) { return t.tv_sec + t.tv_usec * 1e-6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double AllCpuSeconds() {
  return CpuSeconds(RUSAGE_SELF) + CpuSeconds(RUSAGE_CHILDREN);
}

}  // namespace

Coordinator::Coordinator(const ExploreOptions& options,
                         SimulationBuilder simulation,
                         std::unique_ptr<Policy> policy)
    : options_(options),
      simulation_(std::move(simulation)),
      policy_(std::move(policy)),
      region_(Region::Map()),
      start_(absl::Now()),
      jobs_(options.lag),
      owner_(kMaxCheckpoints, -1),
      dying_(kMaxCheckpoints, false) {
  // Signals are taken by sigtimedwait in Wait; children inherit the mask, so
  // that an interrupt from the terminal reaches the coordinator alone.
  sigset_t mask;
  sigemptyset(&mask);
  for (int signal : {SIGCHLD, SIGINT, SIGTERM}) sigaddset(&mask, signal);
  sigprocmask(SIG_BLOCK, &mask, &old_mask_);
  for (int i = static_cast<int>(kMaxCheckpoints) - 1; i > kRootCheckpoint;
       --i) {
    free_checkpoints_.push_back(i);
  }
  owner_[kRootCheckpoint] = 0;
  archive_.splitpoint(0).checkpoint = kRootCheckpoint;
}

Coordinator::~Coordinator() {
  Region::Unmap(region_);
  sigprocmask(SIG_SETMASK, &old_mask_, nullptr);
}

absl::StatusOr<ExploreResult> Coordinator::Run() {
  const AssertionTable& table = AssertionTable::Get();
  if (table.entries().size() > kMaxAssertions) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the program has ", table.entries().size(),
                     " assertions; at most ", kMaxAssertions,
                     " can be explored"));
  }
  result_.assertions.assign(table.entries().begin(), table.entries().end());
  for (AssertionEntry& entry : result_.assertions) {
    entry.passes = entry.fails = 0;
  }
  const double cpu_before = AllCpuSeconds();
  next_progress_ = start_ + absl::Seconds(1);
  StartRoot();
  while (failure_.ok() && WantsMore()) {
    const uint64_t lag = static_cast<uint64_t>(options_.lag);
    const uint64_t needed = decided_ + 1 > lag ? decided_ + 1 - lag : 0;
    if (running_ < options_.workers) {
      if (committed_ < needed && job(committed_).is_done) {
        Commit(committed_);
        continue;
      }
      if (committed_ >= needed) {
        Decide();
        continue;
      }
    }
    Wait(absl::Now() + absl::Seconds(1));
  }
  Shutdown();
  if (!failure_.ok()) return failure_;
  result_.wall_seconds = absl::ToDoubleSeconds(absl::Now() - start_);
  result_.cpu_seconds = AllCpuSeconds() - cpu_before;
  return std::move(result_);
}

void Coordinator::StartRoot() {
  region_->coordinator_pid = getpid();
  std::fflush(nullptr);  // or the child would own copies of unwritten output
  const pid_t pid = fork();
  CHECK(pid >= 0) << "fork failed";
  if (pid == 0) {
    setpgid(0, 0);
    RunRoot(region_, &simulation_, options_.seed);
  }
  setpgid(pid, pid);  // on both sides, as either may be first
  region_->checkpoints[kRootCheckpoint].pid.store(pid);
  ++result_.forks;
}

bool Coordinator::WantsMore() const {
  if (interrupted_) return false;
  if (options_.stop_on_first_bug && !result_.bugs.empty()) return false;
  if (options_.timelines != 0 && decided_ >= options_.timelines) return false;
  return absl::Now() - start_ < options_.time_limit;
}

void Coordinator::Decide() {
  const uint64_t number = decided_++;
  DecisionRandom random(options_.seed, number);
  // The first timeline is the root seed itself.
  const int picked = number == 0 ? 0 : policy_->Pick(archive_, random);
  Cell& cell = archive_.cell(picked);
  ++cell.picks;
  ++cell.barren;
  Splitpoint& splitpoint = archive_.splitpoint(cell.splitpoint);
  splitpoint.last_used = number;
  Job next;
  next.number = number;
  next.cell = picked;
  next.splitpoint = cell.splitpoint;
  if (number > 0) {
    next.segments = splitpoint.segments;
    next.segments.push_back(
        {splitpoint.segment_draws, SeedOfJob(options_.seed, number)});
  }
  job(number) = std::move(next);
  JobSlot& order = slot(number);
  const uint64_t lag = static_cast<uint64_t>(options_.lag);
  order.job = number;
  order.known_until = number + 1 > lag ? number + 1 - lag : 0;
  order.free_count = 0;
  while (order.free_count < kMaxNewCheckpoints &&
         !free_checkpoints_.empty()) {
    order.free_checkpoints[order.free_count++] = TakeCheckpointSlot();
  }
  order.recreate = -1;
  GiveOrder(number);
  ++running_;
}

// Hands the job to the process parked at its cell, or else to the nearest
// living ancestor, with the breakpoints that lead from there.
void Coordinator::GiveOrder(uint64_t number) {
  Job& next = job(number);
  JobSlot& order = slot(number);
  const int from = FindLivingAncestor(next.splitpoint);
  const Splitpoint& ancestor = archive_.splitpoints()[from];
  order.split_ordinal = archive_.splitpoints()[next.splitpoint].ordinal;
  order.path_size = 0;
  CHECK_LE(next.segments.size(), kMaxPath) << "a recipe is too long";
  for (size_t i = ancestor.segments.size(); i < next.segments.size(); ++i) {
    order.path[order.path_size++] = next.segments[i];
  }
  if (from != next.splitpoint && order.recreate < 0 &&
      !free_checkpoints_.empty()) {
    order.recreate = TakeCheckpointSlot();
  }
  order.pid.store(0);
  order.finished.store(0);
  order.discovery_count.store(0);
  order.has_violation.store(0);
  order.discoveries_dropped = 0;
  next.started = absl::Now();
  next.checkpoint = ancestor.checkpoint;
  Order(region_, ancestor.checkpoint,
        static_cast<uint32_t>(number % static_cast<uint64_t>(options_.lag)));
}

int Coordinator::FindLivingAncestor(int splitpoint) const {
  while (archive_.splitpoints()[splitpoint].checkpoint < 0) {
    splitpoint = archive_.splitpoints()[splitpoint].parent;
  }
  return splitpoint;
}

int Coordinator::TakeCheckpointSlot() {
  const int taken = free_checkpoints_.back();
  free_checkpoints_.pop_back();
  CheckpointSlot& checkpoint = region_->checkpoints[taken];
  checkpoint.pid.store(0);
  checkpoint.ordered.store(0);
  checkpoint.taken = 0;
  return taken;
}

void Coordinator::ReturnCheckpointSlot(int checkpoint) {
  const pid_t pid = region_->checkpoints[checkpoint].pid.load();
  owner_[checkpoint] = -1;
  const bool is_condemned = std::find(condemned_.begin(), condemned_.end(),
                                      checkpoint) != condemned_.end();
  if (is_condemned || dying_[checkpoint]) return;
  (pid == 0 ? free_checkpoints_ : condemned_).push_back(checkpoint);
}

// A condemned process may still owe a timeline that it was ordered to fork.
void Coordinator::KillCondemned() {
  auto owes = [this](int checkpoint) {
    for (uint64_t n = committed_; n < decided_; ++n) {
      if (!job(n).is_done && job(n).checkpoint == checkpoint &&
          slot(n).pid.load() == 0) {
        return true;
      }
    }
    return false;
  };
  for (size_t i = 0; i < condemned_.size();) {
    const int checkpoint = condemned_[i];
    if (owes(checkpoint)) {
      ++i;
      continue;
    }
    dying_[checkpoint] = true;
    kill(region_->checkpoints[checkpoint].pid.load(), SIGKILL);
    condemned_[i] = condemned_.back();
    condemned_.pop_back();
  }
}

void Coordinator::EvictColdest() {
  int coldest = -1;
  for (const Cell& cell : archive_.cells()) {
    if (cell.splitpoint == 0) continue;  // the root stays
    const Splitpoint& at = archive_.splitpoints()[cell.splitpoint];
    if (at.checkpoint < 0) continue;
    if (coldest < 0 ||
        at.last_used < archive_.splitpoints()[coldest].last_used) {
      coldest = cell.splitpoint;
    }
  }
  CHECK_GE(coldest, 0);
  SetCheckpoint(coldest, -1);
}

// Makes checkpoint (or -1: none) the parked process of a splitpoint.
void Coordinator::SetCheckpoint(int splitpoint, int checkpoint) {
  Splitpoint& at = archive_.splitpoint(splitpoint);
  if (at.checkpoint >= 0) {
    --parked_;
    ReturnCheckpointSlot(at.checkpoint);
  }
  at.checkpoint = checkpoint;
  if (checkpoint >= 0) {
    ++parked_;
    owner_[checkpoint] = splitpoint;
  }
}

void Coordinator::Wait(absl::Time deadline) {
  sigset_t mask;
  sigemptyset(&mask);
  for (int signal : {SIGCHLD, SIGINT, SIGTERM}) sigaddset(&mask, signal);
  deadline = std::min({deadline, next_progress_, start_ + options_.time_limit});
  const timespec timeout =
      absl::ToTimespec(std::max(deadline - absl::Now(), absl::ZeroDuration()));
  const int signal = sigtimedwait(&mask, nullptr, &timeout);
  if (signal == SIGINT || signal == SIGTERM) interrupted_ = true;
  ReapAll();
  KillHungJobs();
  if (absl::Now() >= next_progress_) ReportProgress();
}

void Coordinator::ReapAll() {
  const pid_t group = region_->checkpoints[kRootCheckpoint].pid.load();
  for (;;) {
    int status = 0;
    const pid_t pid = waitpid(-group, &status, WNOHANG);
    if (pid <= 0) return;
    Reaped(pid, status);
  }
}

void Coordinator::Reaped(pid_t pid, int wait_status) {
  for (uint64_t n = committed_; n < decided_; ++n) {
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

void Coordinator::CheckpointDied(int checkpoint) {
  region_->checkpoints[checkpoint].pid.store(0);
  if (dying_[checkpoint]) {
    dying_[checkpoint] = false;
    free_checkpoints_.push_back(checkpoint);
    return;
  }
  if (checkpoint == kRootCheckpoint) {
    failure_ = absl::InternalError(
        "the root process died before the first event: a process, workload or "
        "injector factory ended the program, or memory ran out");
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
  for (uint64_t n = committed_; n < decided_; ++n) {
    if (!job(n).is_done && job(n).checkpoint == checkpoint &&
        slot(n).pid.load() == 0) {
      GiveOrder(n);
    }
  }
}

void Coordinator::KillHungJobs() {
  const absl::Time now = absl::Now();
  for (uint64_t n = committed_; n < decided_; ++n) {
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

void Coordinator::Commit(uint64_t number) {
  CHECK_EQ(number, committed_);
  Job& done = job(number);
  JobSlot& slot_of_job = slot(number);
  CHECK(done.is_done);
  ++committed_;
  ++result_.timelines;
  CommitDiscoveries(done, slot_of_job);
  ReleaseUnusedCheckpoints(slot_of_job);
  CommitOutcome(done, slot_of_job);
  while (parked_ > options_.max_checkpoints) EvictColdest();
  KillCondemned();
}

void Coordinator::CommitDiscoveries(Job& done, JobSlot& slot_of_job) {
  const uint32_t count = slot_of_job.discovery_count.load();
  const uint64_t lag = static_cast<uint64_t>(options_.lag);
  const uint64_t all_know_until =
      committed_ + 1 > lag ? committed_ + 1 - lag : 0;
  result_.forks += 1 + count;
  result_.discoveries_dropped += slot_of_job.discoveries_dropped;
  int parent = done.splitpoint;
  bool yielded = false;
  for (uint32_t i = 0; i < count; ++i) {
    const Discovery& found = slot_of_job.discoveries[i];
    const int known = archive_.Find(found.key);
    // Discovered by two jobs at once: the lower number has won the mark.
    if (known >= 0 && !(archive_.cells()[known].quality < found.quality)) {
      continue;
    }
    // One segment more, for the jobs that branch there, must still fit.
    if (done.segments.size() + 1 > kMaxPath ||
        !region_->Commit(found.key, found.quality, done.number,
                         all_know_until)) {
      ++result_.discoveries_dropped;
      continue;
    }
    yielded = true;
    ++result_.discoveries;
    Splitpoint splitpoint;
    splitpoint.segments = done.segments;
    splitpoint.segment_draws = found.segment_draws;
    splitpoint.ordinal = found.ordinal;
    splitpoint.draws = found.draws;
    splitpoint.events = found.events;
    splitpoint.parent = parent;
    splitpoint.last_used = done.number;
    parent = archive_.AddSplitpoint(std::move(splitpoint));
    if (found.checkpoint >= 0 &&
        region_->checkpoints[found.checkpoint].pid.load() != 0) {
      SetCheckpoint(parent, found.checkpoint);
    }
    const int index =
        known >= 0 ? known : archive_.AddCell(found.key, found.label.Get());
    Cell& cell = archive_.cell(index);
    if (known >= 0) SetCheckpoint(cell.splitpoint, -1);
    cell.quality = found.quality;
    cell.splitpoint = parent;
    // Better arrivals at a mark deserve a fresh look, but its pick count is
    // never reset: that hurts badly (reference/explorer.md W1).
    cell.barren = 0;
  }
  if (yielded) archive_.cell(done.cell).barren = 0;
}

void Coordinator::ReleaseUnusedCheckpoints(JobSlot& slot_of_job) {
  for (uint32_t i = 0; i < slot_of_job.free_count; ++i) {
    const int checkpoint = slot_of_job.free_checkpoints[i];
    if (owner_[checkpoint] < 0) ReturnCheckpointSlot(checkpoint);
  }
  slot_of_job.free_count = 0;
  const int recreated = slot_of_job.recreate;
  if (recreated < 0) return;
  slot_of_job.recreate = -1;
  // The splitpoint's process is back, unless nobody needs it any more or
  // another job has brought it back first.
  const Job& done = job(slot_of_job.job);
  const bool is_needed =
      archive_.cells()[done.cell].splitpoint == done.splitpoint;
  if (is_needed && archive_.splitpoints()[done.splitpoint].checkpoint < 0 &&
      region_->checkpoints[recreated].pid.load() != 0) {
    SetCheckpoint(done.splitpoint, recreated);
  } else {
    ReturnCheckpointSlot(recreated);
  }
}

void Coordinator::CommitOutcome(Job& done, JobSlot& slot_of_job) {
  const bool finished = slot_of_job.finished.load() != 0;
  if (finished) {
    const Splitpoint& from = archive_.splitpoints()[done.splitpoint];
    result_.draws += slot_of_job.draws - from.draws;
    result_.events += slot_of_job.events - from.events;
    for (AssertionEntry& entry : result_.assertions) {
      entry.passes += slot_of_job.passes[entry.index];
      entry.fails += slot_of_job.fails[entry.index];
    }
  }
  if (slot_of_job.has_violation.load() != 0) {
    RecordBug(done, slot_of_job, ViolationOf(slot_of_job.violation));
  } else if (!finished) {
    RecordBug(done, slot_of_job, CrashViolation(done.wait_status));
  }
}

void Coordinator::RecordBug(const Job& done, const JobSlot& slot_of_job,
                            const Violation& violation) {
  auto [it, is_new] =
      bug_index_.emplace(violation.identity, result_.bugs.size());
  if (!is_new) {
    ++result_.bugs[it->second].timelines;
    return;
  }
  Bug bug;
  bug.first_timeline = committed_;
  bug.timelines = 1;
  BugRecipe& recipe = bug.recipe;
  recipe.set_schema_version(kRecipeSchemaVersion);
  recipe.set_campaign(options_.campaign);
  for (const auto& [name, value] : options_.parameters) {
    CampaignParameter* parameter = recipe.add_parameters();
    parameter->set_name(name);
    parameter->set_value(value);
  }
  recipe.set_root_seed(options_.seed);
  SetSegments(done.segments, recipe);
  *recipe.mutable_expected() = ExpectedOf(violation);
  recipe.set_build_id(options_.build_id);
  if (slot_of_job.finished.load() != 0) {
    recipe.set_trace_hash(slot_of_job.trace_hash);
    recipe.set_events(slot_of_job.events);
    recipe.set_draws(slot_of_job.draws);
    for (uint32_t i = 0; i < slot_of_job.sample_count; ++i) {
      TraceSample* sample = recipe.add_trace_samples();
      sample->set_events(slot_of_job.samples[i].events);
      sample->set_draws(slot_of_job.samples[i].draws);
      sample->set_hash(slot_of_job.samples[i].hash);
    }
  }
  result_.bugs.push_back(std::move(bug));
  if (options_.on_bug) options_.on_bug(result_.bugs.back());
}

void Coordinator::ReportProgress() {
  next_progress_ = absl::Now() + absl::Seconds(1);
  if (!options_.on_progress) return;
  ExploreProgress progress;
  progress.wall = absl::Now() - start_;
  progress.timelines = committed_;
  progress.discoveries = result_.discoveries;
  progress.checkpoints = static_cast<uint64_t>(parked_) + 1;
  progress.bugs = result_.bugs.size();
  options_.on_progress(progress);
}

void Coordinator::Shutdown() {
  const bool found = options_.stop_on_first_bug && !result_.bugs.empty();
  const bool complete =
      options_.timelines != 0 && decided_ >= options_.timelines;
  if (failure_.ok() && !found && complete && !interrupted_) {
    // All jobs are out: wait for the last ones, unless time runs out.
    while (failure_.ok() && running_ > 0 && !interrupted_ &&
           absl::Now() - start_ < options_.time_limit) {
      Wait(absl::Now() + absl::Seconds(1));
    }
  }
  // Whatever came in order counts; a gap ends it.
  while (failure_.ok() && committed_ < decided_ && job(committed_).is_done &&
         !(options_.stop_on_first_bug && !result_.bugs.empty())) {
    Commit(committed_);
  }
  if (options_.stop_on_first_bug && !result_.bugs.empty()) {
    result_.stopped_by = "first_bug";
  } else if (interrupted_) {
    result_.stopped_by = "interrupted";
  } else if (complete && committed_ == decided_) {
    result_.stopped_by = "timelines";
  } else {
    result_.stopped_by = "time_limit";
  }
  const pid_t group = region_->checkpoints[kRootCheckpoint].pid.load();
  if (group == 0) return;  // the root died; it was the group's first member
  kill(-group, SIGKILL);
  while (waitpid(-group, nullptr, 0) > 0) {
  }
}

}  // namespace moonpool::explorer
