// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/search/coordinator.h"

#include <sys/resource.h>

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "explorer/checkpoint/snapshot.h"
#include "explorer/fault/fault_report.h"
#include "explorer/recipe/outcome.h"
#include "explorer/recipe/recipe.h"
#include "explorer/search/around.h"
#include "explorer/search/log_codec.h"
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

// Each job's seed is its own: never reused, different for every campaign seed.
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
      log_(std::move(log)) {}

absl::StatusOr<ExploreResult> Coordinator::Run() {
  const AssertionTable& table = AssertionTable::Get();
  if (table.entries().size() > kMaxAssertions) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the program has ", table.entries().size(),
                     " assertions; at most ", kMaxAssertions,
                     " can be explored"));
  }
  if (edges_.edges() > kMaxEdges) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "the program has ", edges_.edges(), " instrumented edges; at most ",
        kMaxEdges, " can be explored: instrument fewer targets"));
  }
  result_.assertions.assign(table.entries().begin(), table.entries().end());
  for (AssertionEntry& entry : result_.assertions) {
    entry.passes = entry.fails = 0;
  }
  cpu_before_ = AllCpuSeconds();
  if (log_ != nullptr) RestoreTotals();
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
  result_.functions = edges_.Functions();
  return std::move(result_);
}

bool Coordinator::WantsMore() const {
  if (pool_.interrupted()) return false;
  if (options_.stop_on_first_bug && !result_.bugs.empty()) return false;
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
  next.cell = next.number == 0 ? 0 : policy_->Pick(archive_, random);
  // Of the fresh seeds, half are spent around the recipe.
  if (next.cell == Policy::kFreshSeed && cells_around_ > 0 &&
      random.Chance({1, 2})) {
    next.cell = 1 + static_cast<int>(
                        random.Below(static_cast<uint64_t>(cells_around_)));
  }
  const uint64_t seed = SeedOfJob(options_.seed, next.number);
  if (next.cell == Policy::kFreshSeed) {
    next.root_seed = seed;
  } else {
    Cell& cell = archive_.cell(next.cell);
    ++cell.picks;
    ++cell.barren;
    Way& way = cell.ways[cell.NextWay()];
    ++way.picks;
    ++way.barren;
    const Splitpoint& from = archive_.splitpoints()[way.splitpoint];
    next.splitpoint = way.splitpoint;
    next.root_seed = from.root_seed;
    if (next.number == 0) {
      next.segments = FirstSegments(options_);
    } else {
      next.segments = from.segments;
      const StreamKinds streams = policy_->uses_operators()
                                      ? operators_.Pick(random)
                                      : kAllStreams;
      next.segments.push_back({from.segment_draws, seed, streams});
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

void Coordinator::Commit(uint64_t number) {
  CHECK_EQ(number, committed_);
  const Job& done = pool_.job(number);
  CHECK(done.is_done);
  JobSlot& slot = *slot_;
  slot.CopyFrom(pool_.slot(number), result_.assertions.size());
  if (IsSuspect(done, slot)) {
    pool_.RunGuarded(number);
    return;
  }
  ++committed_;
  ++result_.timelines;
  if (!IsRestored(number)) {
    if (done.is_guarded) CheckIntact(pool_.order(number), slot);
    NameDeath(done, slot);
  }
  CommitArrivals(done, slot);
  edges_.CommitEnd(number, slot);
  edges_.SetAllKnowUntil(AllKnowUntil(committed_));
  if (number == 0 && options_.around.has_value()) {
    cells_around_ = archive_.size() - 1;
  }
  pool_.Finish(number,
               done.cell >= 0 && archive_.cells()[done.cell].FindWay(
                                     done.splitpoint) >= 0);
  if (!IsRestored(number)) CommitCounts(done, slot);
  const bool made_recipe = CommitOutcome(done, slot);
  if (!IsRestored(number)) {
    sparse_counts_.Commit(done, slot, archive_, pool_.region());
  }
  if (log_ == nullptr) return;
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

void Coordinator::CommitArrivals(const Job& done, JobSlot& slot) {
  const uint32_t count = slot.discovery_count.load();
  result_.forks += 1 + count;
  result_.discoveries_dropped += slot.discoveries_dropped;
  // In the order in which the timeline came to them: each splitpoint is the
  // parent of the next.
  int parent = done.splitpoint;
  bool yielded = false;
  const uint32_t again = slot.arrival_count.load();
  for (uint32_t i = 0, j = 0; i < count || j < again;) {
    const bool is_new =
        j == again || (i < count && slot.discoveries[i].at.ordinal <
                                        slot.arrivals[j].ordinal);
    Discovery* discovery = is_new ? &slot.discoveries[i++] : nullptr;
    Arrival& found = is_new ? discovery->at : slot.arrivals[j++];
    const bool advances = is_new && AcceptDiscovery(done, slot, *discovery);
    found.is_way = !advances && AcceptWay(done, found, is_new);
    found.accepted = advances || found.is_way;
    if (!found.accepted) continue;
    if (parent == Job::kNone) parent = archive_.AddRoot(done.root_seed);
    // Of a recipe's own timeline, those of its segments that had begun.
    std::vector<Breakpoint> segments = done.segments;
    segments.resize(segments.size() - std::min(segments.size(), found.pending));
    parent = archive_.AddSplitpoint({.root_seed = done.root_seed,
                                     .segments = std::move(segments),
                                     .segment_draws = found.segment_draws,
                                     .ordinal = found.ordinal,
                                     .draws = found.draws,
                                     .events = found.events,
                                     .parent = parent});
    pool_.Adopt(is_new ? discovery->checkpoint : -1, parent);
    int index = archive_.Find(found.key);
    if (index < 0) {
      const bool is_finite = discovery->assertion == kEdgesAssertion &&
                             edges_.Commit(done.number, slot, *discovery);
      index = archive_.AddCell(found.key, discovery->label.Get(),
                               discovery->assertion, is_finite);
    }
    Cell& cell = archive_.cell(index);
    if (advances) {
      ++result_.discoveries;
      if (cell.rank != Cell::kNoRank) yielded = true;
      for (const Way& way : cell.ways) pool_.Retire(way.splitpoint);
      cell.ClearWays();
      cell.quality = found.quality;
      // Better arrivals at a mark deserve a fresh look, but its pick count is
      // never reset: that hurts badly (reference/explorer.md W1).
      cell.barren = 0;
    }
    cell.AddWay(parent, archive_.timelines());
  }
  archive_.CommitTimeline(done.cell == Policy::kFreshSeed, yielded);
  if (yielded && slot.finished.load() != 0) operators_.Learn(slot.drawn_kinds);
  if (!done.segments.empty()) {
    operators_.Commit(done.segments.back().streams, yielded);
  }
  if (!yielded || done.cell < 0) return;
  Cell& from = archive_.cell(done.cell);
  from.barren = 0;
  const int way = from.FindWay(done.splitpoint);
  if (way >= 0) from.ways[way].barren = 0;
}

bool Coordinator::AcceptDiscovery(const Job& done, const JobSlot& slot,
                                  Discovery& discovery) {
  const bool is_of_edges = discovery.assertion == kEdgesAssertion;
  // All of them discovered by two jobs at once, as below.
  if (is_of_edges && !edges_.Name(slot, discovery)) return false;
  const Arrival& found = discovery.at;
  const int known = archive_.Find(found.key);
  // Discovered by two jobs at once: the lower number has won the mark.
  if (known >= 0 && !(archive_.cells()[known].quality < found.quality)) {
    return false;
  }
  // One segment more, for the jobs that branch there, must still fit.
  if (done.segments.size() + 1 <= kMaxPath &&
      (is_of_edges ||
       pool_.region().frontier.Commit(found.key, found.quality, done.number,
                                      AllKnowUntil(committed_)))) {
    return true;
  }
  ++result_.discoveries_dropped;
  return false;
}

// As good as the ways that its cell has. Whether a timeline reports an arrival
// at a mark that it knew depends on how far the coordinator had come; what is
// accepted here does not, as below the bound all are reported.
bool Coordinator::AcceptWay(const Job& done, const Arrival& found,
                            bool is_new) const {
  const int known = archive_.Find(found.key);
  if (known < 0 || done.segments.size() + 1 > kMaxPath) return false;
  const Cell& cell = archive_.cells()[known];
  return (is_new || cell.reaches < kReachesCounted) &&
         cell.ways.size() < Cell::kMaxWays && cell.quality == found.quality;
}

void Coordinator::CommitCounts(const Job& done, const JobSlot& slot) {
  const bool finished = slot.finished.load() != 0;
  result_.tree_hash = Combine64(
      result_.tree_hash,
      Combine64(finished ? slot.trace_hash : 0, slot.discovery_count.load()));
  if (!finished) return;
  const bool is_fresh = done.splitpoint == Job::kNone;
  const Splitpoint& from =
      archive_.splitpoints()[is_fresh ? 0 : done.splitpoint];
  result_.draws += slot.draws - (is_fresh ? 0 : from.draws);
  result_.events += slot.events - (is_fresh ? 0 : from.events);
  for (AssertionEntry& entry : result_.assertions) {
    entry.passes += slot.counts[entry.index].passes;
    entry.fails += slot.counts[entry.index].fails;
  }
}

bool Coordinator::CommitOutcome(const Job& done, const JobSlot& slot) {
  if (slot.has_violation.load() != 0) {
    return RecordBug(done, slot, ViolationOf(slot.violation));
  }
  return false;
}

bool Coordinator::IsSuspect(const Job& done, const JobSlot& slot) {
  if (IsRestored(done.number) || done.is_guarded) return false;
  if (done.is_lost ||
      !slot.IsIntact(pool_.order(done.number), result_.assertions.size())) {
    return true;
  }
  if (slot.finished.load() != 0 || slot.has_violation.load() != 0) return false;
  // It may have finished, and that has been overwritten.
  return done.wait_status == 0 ||
         slot.fault.kind.load() == FaultKind::kWildWrite;
}

// A guarded timeline has spoilt what the engine keeps in its own memory.
void Coordinator::CheckIntact(const JobOrder& order, JobSlot& slot) {
  if (slot.IsIntact(order, result_.assertions.size())) return;
  slot.discovery_count.store(0);
  slot.arrival_count.store(0);
  slot.discoveries_dropped = 0;
  slot.edge_count.store(0);
  slot.finished.store(0);
  Violation violation;
  violation.kind = std::string(kWildWrite);
  violation.message =
      "a timeline's result was overwritten in the explorer's memory";
  violation.identity = HashBytes(violation.kind);
  ToRecord(violation, slot.violation);
  slot.has_violation.store(1);
}

// From its notes, which are then no longer needed: the log has the violation.
void Coordinator::NameDeath(const Job& done, JobSlot& slot) {
  if (slot.finished.load() != 0 || slot.has_violation.load() != 0) return;
  ToRecord(FaultViolation(slot.fault, done.wait_status), slot.violation);
  slot.has_violation.store(1);
}

bool Coordinator::RecordBug(const Job& done, const JobSlot& slot,
                            const Violation& violation) {
  auto [it, is_new] =
      bug_index_.emplace(violation.identity, result_.bugs.size());
  if (!is_new) {
    Bug& bug = result_.bugs[it->second];
    ++bug.timelines;
    const size_t shortest = static_cast<size_t>(bug.recipe.segments_size());
    const bool is_shorter =
        done.segments.size() < shortest ||
        (done.segments.size() == shortest && slot.finished.load() != 0 &&
         slot.draws < bug.recipe.draws());
    if (!is_shorter) return false;
    bug.recipe = RecipeOf(done, slot, violation);
    if (options_.on_shorter_recipe) options_.on_shorter_recipe(bug);
    return true;
  }
  Bug bug;
  bug.number = result_.bugs.size() + 1;
  bug.first_timeline = committed_;
  bug.timelines = 1;
  bug.recipe = RecipeOf(done, slot, violation);
  result_.bugs.push_back(std::move(bug));
  if (options_.on_bug) options_.on_bug(result_.bugs.back());
  return true;
}

BugRecipe Coordinator::RecipeOf(const Job& done, const JobSlot& slot,
                                const Violation& violation) const {
  BugRecipe recipe;
  recipe.set_schema_version(kRecipeSchemaVersion);
  recipe.set_campaign(options_.campaign);
  for (const auto& [name, value] : options_.parameters) {
    CampaignParameter* parameter = recipe.add_parameters();
    parameter->set_name(name);
    parameter->set_value(value);
  }
  recipe.set_root_seed(done.root_seed);
  SetSegments(done.segments, recipe);
  *recipe.mutable_expected() = ExpectedOf(violation);
  recipe.set_build_id(options_.build_id);
  if (slot.finished.load() == 0) return recipe;
  recipe.set_trace_hash(slot.trace_hash);
  recipe.set_events(slot.events);
  recipe.set_draws(slot.draws);
  for (uint32_t i = 0; i < slot.sample_count; ++i) {
    TraceSample* sample = recipe.add_trace_samples();
    sample->set_events(slot.samples[i].events);
    sample->set_draws(slot.samples[i].draws);
    sample->set_hash(slot.samples[i].hash);
  }
  return recipe;
}

bool Coordinator::IsRestored(uint64_t number) const {
  return log_ != nullptr && number < log_->restored().timelines;
}

void Coordinator::RestoreTotals() {
  const SearchLog::Restored& restored = log_->restored();
  result_.restored_timelines = restored.timelines;
  result_.draws = restored.draws;
  result_.events = restored.events;
  result_.tree_hash = restored.tree_hash;
  for (AssertionEntry& entry : result_.assertions) {
    auto it = restored.assertions.find(entry.id);
    if (it == restored.assertions.end()) continue;
    entry.passes = it->second.passes;
    entry.fails = it->second.fails;
  }
  batch_.set_first(restored.timelines);
  logged_ = result_;
}

void Coordinator::FlushLog(bool is_end) {
  if (log_ == nullptr || !failure_.ok()) return;
  // While a log is being restored there is nothing to add to it.
  if (batch_.count() == 0 && (!is_end || IsRestored(committed_))) return;
  batch_.set_draws(result_.draws - logged_.draws);
  batch_.set_events(result_.events - logged_.events);
  batch_.set_tree_hash(result_.tree_hash);
  for (size_t i = 0; i < result_.assertions.size(); ++i) {
    const AssertionEntry& now = result_.assertions[i];
    const AssertionEntry& then = logged_.assertions[i];
    if (now.passes == then.passes && now.fails == then.fails) continue;
    LoggedAssertion& counts = *batch_.add_assertions();
    counts.set_id(now.id);
    counts.set_passes(now.passes - then.passes);
    counts.set_fails(now.fails - then.fails);
  }
  sparse_counts_.MoveTo(batch_);
  edges_.MoveTo(batch_, is_end);
  UpdateTimes();
  batch_.set_wall_seconds(result_.wall_seconds);
  batch_.set_cpu_seconds(result_.cpu_seconds);
  failure_ = log_->Append(batch_);
  const uint64_t next = batch_.first() + batch_.count();
  batch_.Clear();
  batch_.set_first(next);
  logged_.draws = result_.draws;
  logged_.events = result_.events;
  logged_.assertions = result_.assertions;
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
  progress.checkpoints = static_cast<uint64_t>(pool_.parked()) + 1;
  progress.bugs = result_.bugs.size();
  options_.on_progress(progress);
}

void Coordinator::Shutdown() {
  auto found = [this] {
    return options_.stop_on_first_bug && !result_.bugs.empty();
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
