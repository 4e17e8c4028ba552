// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/search/coordinator.h"

#include <sys/resource.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "explorer/checkpoint/snapshot.h"
#include "explorer/search/around.h"
#include "explorer/search/log_codec.h"
#include "explorer/search/verdict.h"
#include "providers/base/check.h"
#include "providers/base/hash.h"

namespace moonpool::explorer {
namespace {

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

// Each job has a seed of its own, different for every campaign seed. Only
// splices take another job's.
uint64_t SeedOfJob(uint64_t root_seed, uint64_t job) {
  return Combine64(Combine64(root_seed, HashBytes("timeline")), job);
}

SnapshotMode ModeOf(const std::string& name) {
  if (!Snapshot::IsPossible() || name == "fork") return SnapshotMode::kFork;
  return name == "rewind" ? SnapshotMode::kRewind : SnapshotMode::kAuto;
}

constexpr uint64_t kClockEvery = 256;  // decisions

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
                         std::unique_ptr<Policy> policy,
                         std::unique_ptr<SearchLog> log)
    : options_(options),
      start_(absl::Now()),
      policy_(std::move(policy)),
      archive_(FirstRootSeed(options)),
      pool_({.lag = options.lag,
             .max_checkpoints = options.max_checkpoints,
             .watchdog = options.watchdog,
             .workers = options.workers,
             .snapshot = ModeOf(options.snapshot),
             .memory_limit = options.memory_limit,
             .edges = options.edges,
             .splits = {.at = options.split_at, .every = options.split_every}},
            std::move(simulation), archive_),
      edges_(&pool_.region()),
      arrivals_(&archive_, &pool_, &edges_),
      bugs_(&options_),
      log_(std::move(log)) {}

absl::StatusOr<ExploreResult> Coordinator::Run() {
  if (totals_.assertions() > kMaxAssertions) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the program has ", totals_.assertions(),
                     " assertions; at most ", kMaxAssertions,
                     " can be explored"));
  }
  if (edges_.edges() > kMaxEdges) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "the program has ", edges_.edges(), " instrumented edges; at most ",
        kMaxEdges, " can be explored: instrument fewer targets"));
  }
  cpu_before_ = AllCpuSeconds();
  if (log_ != nullptr) {
    const SearchLog::Restored& restored = log_->restored();
    result_.restored_timelines = restored.timelines;
    totals_.Restore(restored);
    batch_.set_first(restored.timelines);
  }
  next_progress_ = start_ + absl::Seconds(1);
  pool_.Start();
  slot_ = std::make_unique<JobSlot>();
  ++result_.forks;
  while (failure_.ok() && pool_.failure().ok() && WantsMore()) {
    // Never commits more than the next decision needs: what that one knows
    // must not depend on what happens to be done.
    if (committed_ >= AllKnowUntil(decided_)) {
      Decide();
    } else if (pool_.job(committed_).is_done) {
      Commit(committed_);
    } else {
      Wait();
    }
  }
  Shutdown();
  result_.rewound_timelines = pool_.rewound();
  if (!pool_.failure().ok()) return pool_.failure();
  if (!failure_.ok()) return failure_;
  totals_.FillIn(result_);
  result_.bugs = bugs_.Take();
  result_.functions = edges_.Functions();
  return std::move(result_);
}

bool Coordinator::WantsMore() const {
  if (pool_.interrupted()) return false;
  if (options_.stop_on_first_bug && !bugs_.bugs().empty()) return false;
  if (options_.timelines != 0 && decided_ >= options_.timelines) return false;
  return pool_.now() - start_ < options_.time_limit;
}

uint64_t Coordinator::AllKnowUntil(uint64_t next) const {
  const uint64_t lag = static_cast<uint64_t>(options_.lag);
  return next + 1 > lag ? next + 1 - lag : 0;
}

void Coordinator::Wait() {
  pool_.Wait(std::min({pool_.now() + absl::Seconds(1), next_progress_,
                       start_ + options_.time_limit}));
  if (pool_.now() >= next_progress_) {
    FlushLog();
    ReportProgress();
  }
}

void Coordinator::Decide() {
  Job next;
  next.number = decided_++;
  // Without a wait for long, as the results are there already.
  if (decided_ % kClockEvery == 0) pool_.ReadClock();
  DecisionRandom random(options_.seed, next.number);
  // The first timeline is the campaign's seed itself, or the recipe's that is
  // searched around.
  Choice choice = next.number == 0 ? Choice{.cell = 0}
                                   : policy_->Pick(archive_, random);
  // Of the fresh seeds, half are spent around the recipe.
  if (choice.cell == Choice::kFreshSeed && cells_around_ > 0 &&
      random.Chance({1, 2})) {
    const int cell = 1 + static_cast<int>(random.Below(
                             static_cast<uint64_t>(cells_around_)));
    if (!archive_.cells()[cell].is_dead_end()) choice.cell = cell;
  }
  next.from = archive_.Depart(choice);
  const uint64_t seed = SeedOfJob(options_.seed, next.number);
  if (choice.cell == Choice::kFreshSeed) {
    next.root_seed = seed;
  } else {
    const Splitpoint& from = archive_.splitpoints()[next.from.splitpoint];
    next.root_seed = from.root_seed;
    if (next.number == 0) {
      next.segments = FirstSegments(options_);
    } else {
      const Reseed reseed = PickReseed(next, seed, random);
      next.segments = from.segments;
      next.segments.push_back(
          {from.segment_draws, reseed.seed, reseed.streams});
    }
  }
  if (IsRestored(next.number)) {
    const absl::StatusOr<const LoggedTimeline*> logged =
        log_->Find(next.number);
    failure_ = logged.ok()
                   ? FromLogged(*logged, next, pool_.slot(next.number))
                   : logged.status();
    pool_.SubmitDone(std::move(next));
    return;
  }
  const uint64_t known_until = AllKnowUntil(next.number);
  pool_.Submit(std::move(next), known_until);
}

Reseed Coordinator::PickReseed(Job& next, uint64_t own_seed, Random& random) {
  if (!policy_->uses_operators()) return {.seed = own_seed};
  if (operators_.PickSplice(random)) {
    const Cell& cell = archive_.cells()[next.from.choice.cell];
    const std::optional<Reseed> splice =
        splices_.Take(cell.group, *archive_.WayOf(next.from));
    next.is_splice = splice.has_value();
    if (next.is_splice) return *splice;
  }
  return {.seed = own_seed, .streams = operators_.PickStreams(random)};
}

void Coordinator::Commit(uint64_t number) {
  CHECK_EQ(number, committed_);
  const Job& done = pool_.job(number);
  CHECK(done.is_done);
  JobSlot& slot = *slot_;
  const bool is_restored = IsRestored(number);
  const size_t assertions = totals_.assertions();
  slot.CopyFrom(pool_.slot(number), assertions);
  if (!is_restored) {
    const JobOrder& order = pool_.order(number);
    if (IsSuspect(done, order, slot, assertions)) {
      pool_.RunGuarded(number);
      return;
    }
    if (done.is_guarded) CheckIntact(order, assertions, slot);
    NameDeath(done, slot);
  }
  ++committed_;
  ++result_.timelines;
  CommitYield(done, slot,
              arrivals_.Commit(done, AllKnowUntil(committed_), slot, result_));
  edges_.CommitEnd(number, slot);
  edges_.SetAllKnowUntil(AllKnowUntil(committed_));
  if (number == 0 && options_.around.has_value()) {
    cells_around_ = archive_.size() - 1;
  }
  pool_.Finish(number, /*is_needed=*/archive_.WayOf(done.from) != nullptr);
  const bool made_recipe = bugs_.Commit(done, slot, committed_);
  if (!is_restored) {
    totals_.Commit(done, slot, archive_);
    sparse_counts_.Commit(done, slot, archive_, pool_.region());
  }
  if (log_ != nullptr) CommitToLog(done, slot, made_recipe);
}

void Coordinator::CommitToLog(const Job& done, const JobSlot& slot,
                              bool made_recipe) {
  const uint64_t number = done.number;
  if (IsRestored(number)) {
    log_->Forget(number);
    if (!IsRestored(number + 1)) {
      sparse_counts_.Restore(log_->restored().again, archive_, pool_.region());
      edges_.SetLogged();
    }
    return;
  }
  batch_.set_count(batch_.count() + 1);
  if (IsWorthMentioning(slot)) {
    *batch_.add_timelines() = ToLogged(done, slot, made_recipe);
  }
  if (made_recipe) FlushLog();
}

void Coordinator::CommitYield(const Job& done, const JobSlot& slot,
                              bool yielded) {
  archive_.CommitTimeline(done.from, yielded);
  if (yielded && slot.finished.load() != 0) operators_.Learn(slot.drawn_kinds);
  // The first may be a recipe's, which is no branch.
  if (done.segments.empty() || done.number == 0) return;
  const Breakpoint& branch = done.segments.back();
  operators_.Commit(branch.streams, done.is_splice, yielded);
  if (!yielded || done.is_splice) return;
  splices_.Learn(archive_.cells()[done.from.choice.cell].group,
                 done.from.splitpoint, {branch.seed, branch.streams});
}

bool Coordinator::IsRestored(uint64_t number) const {
  return log_ != nullptr && number < log_->restored().timelines;
}

void Coordinator::FlushLog(bool is_end) {
  if (log_ == nullptr || !failure_.ok()) return;
  // While a log is being restored there is nothing to add to it.
  if (batch_.count() == 0 && (!is_end || IsRestored(committed_))) return;
  totals_.MoveTo(batch_);
  sparse_counts_.MoveTo(batch_);
  edges_.MoveTo(batch_, is_end);
  UpdateTimes();
  batch_.set_wall_seconds(result_.wall_seconds);
  batch_.set_cpu_seconds(result_.cpu_seconds);
  failure_ = log_->Append(batch_);
  const uint64_t next = batch_.first() + batch_.count();
  batch_.Clear();
  batch_.set_first(next);
}

void Coordinator::UpdateTimes() {
  result_.wall_seconds = absl::ToDoubleSeconds(absl::Now() - start_);
  result_.cpu_seconds = AllCpuSeconds() - cpu_before_;
  if (log_ == nullptr) return;
  result_.wall_seconds += log_->restored().wall_seconds;
  result_.cpu_seconds += log_->restored().cpu_seconds;
}

void Coordinator::ReportProgress() {
  next_progress_ = absl::Now() + absl::Seconds(1);
  if (!options_.on_progress) return;
  ExploreProgress progress;
  progress.wall = absl::Now() - start_;
  progress.timelines = committed_;
  progress.discoveries = result_.discoveries;
  progress.checkpoints = static_cast<uint64_t>(pool_.checkpoints()) + 1;
  progress.bugs = bugs_.bugs().size();
  options_.on_progress(progress);
}

void Coordinator::Shutdown() {
  auto found = [this] {
    return options_.stop_on_first_bug && !bugs_.bugs().empty();
  };
  const bool complete =
      options_.timelines != 0 && decided_ >= options_.timelines;
  if (!found() && complete) {
    // All jobs are out: wait for the last ones, unless time runs out.
    while (pool_.failure().ok() && committed_ < decided_ && !found() &&
           !pool_.interrupted() && pool_.now() - start_ < options_.time_limit) {
      if (pool_.job(committed_).is_done) {
        Commit(committed_);
      } else {
        Wait();
      }
    }
  }
  // Whatever came in order counts; a gap ends it.
  while (pool_.failure().ok() && committed_ < decided_ &&
         pool_.job(committed_).is_done && !found()) {
    Commit(committed_);
  }
  if (found()) {
    result_.stopped_by = "first_bug";
  } else if (pool_.interrupted()) {
    result_.stopped_by = "interrupted";
  } else if (complete && committed_ == decided_) {
    result_.stopped_by = "timelines";
  } else {
    result_.stopped_by = "time_limit";
  }
  pool_.Shutdown();
  FlushLog(/*is_end=*/edges_.edges() > 0);
  UpdateTimes();
}

}  // namespace moonpool::explorer
