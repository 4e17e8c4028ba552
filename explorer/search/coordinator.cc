// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/search/coordinator.h"

#include <sys/resource.h>

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "explorer/recipe/outcome.h"
#include "explorer/recipe/recipe.h"
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
      start_(absl::Now()),
      policy_(std::move(policy)),
      archive_(options.seed),
      pool_({.lag = options.lag,
             .max_checkpoints = options.max_checkpoints,
             .watchdog = options.watchdog},
            std::move(simulation), archive_) {}

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
  pool_.Start();
  ++result_.forks;
  while (pool_.failure().ok() && WantsMore()) {
    const uint64_t needed = AllKnowUntil(decided_);
    if (pool_.running() < options_.workers) {
      if (committed_ < needed && pool_.job(committed_).is_done) {
        Commit(committed_);
        continue;
      }
      if (committed_ >= needed) {
        Decide();
        continue;
      }
    }
    Wait();
  }
  Shutdown();
  if (!pool_.failure().ok()) return pool_.failure();
  result_.wall_seconds = absl::ToDoubleSeconds(absl::Now() - start_);
  result_.cpu_seconds = AllCpuSeconds() - cpu_before;
  return std::move(result_);
}

bool Coordinator::WantsMore() const {
  if (pool_.interrupted()) return false;
  if (options_.stop_on_first_bug && !result_.bugs.empty()) return false;
  if (options_.timelines != 0 && decided_ >= options_.timelines) return false;
  return absl::Now() - start_ < options_.time_limit;
}

uint64_t Coordinator::AllKnowUntil(uint64_t next) const {
  const uint64_t lag = static_cast<uint64_t>(options_.lag);
  return next + 1 > lag ? next + 1 - lag : 0;
}

void Coordinator::Wait() {
  pool_.Wait(std::min({absl::Now() + absl::Seconds(1), next_progress_,
                       start_ + options_.time_limit}));
  if (absl::Now() >= next_progress_) ReportProgress();
}

void Coordinator::Decide() {
  Job next;
  next.number = decided_++;
  DecisionRandom random(options_.seed, next.number);
  // The first timeline is the campaign's seed itself.
  next.cell = next.number == 0 ? 0 : policy_->Pick(archive_, random);
  const uint64_t seed = SeedOfJob(options_.seed, next.number);
  if (next.cell == Policy::kFreshSeed) {
    next.root_seed = seed;
  } else {
    Cell& cell = archive_.cell(next.cell);
    ++cell.picks;
    ++cell.barren;
    const Splitpoint& from = archive_.splitpoints()[cell.splitpoint];
    next.splitpoint = cell.splitpoint;
    next.root_seed = from.root_seed;
    if (next.number > 0) {
      next.segments = from.segments;
      next.segments.push_back({from.segment_draws, seed});
    }
  }
  const uint64_t known_until = AllKnowUntil(next.number);
  pool_.Submit(std::move(next), known_until);
}

void Coordinator::Commit(uint64_t number) {
  CHECK_EQ(number, committed_);
  const Job& done = pool_.job(number);
  const JobSlot& slot = pool_.slot(number);
  CHECK(done.is_done);
  ++committed_;
  ++result_.timelines;
  CommitDiscoveries(done, slot);
  pool_.Finish(number, done.cell >= 0 && archive_.cells()[done.cell]
                                                 .splitpoint == done.splitpoint);
  CommitOutcome(done, slot);
}

void Coordinator::CommitDiscoveries(const Job& done, const JobSlot& slot) {
  const uint32_t count = slot.discovery_count.load();
  result_.forks += 1 + count;
  result_.discoveries_dropped += slot.discoveries_dropped;
  int parent = done.splitpoint;
  bool yielded = false;
  for (uint32_t i = 0; i < count; ++i) {
    const Discovery& found = slot.discoveries[i];
    const int known = archive_.Find(found.key);
    // Discovered by two jobs at once: the lower number has won the mark.
    if (known >= 0 && !(archive_.cells()[known].quality < found.quality)) {
      continue;
    }
    // One segment more, for the jobs that branch there, must still fit.
    if (done.segments.size() + 1 > kMaxPath ||
        !pool_.region().Commit(found.key, found.quality, done.number,
                               AllKnowUntil(committed_))) {
      ++result_.discoveries_dropped;
      continue;
    }
    yielded = true;
    ++result_.discoveries;
    if (parent == Job::kNone) {
      Splitpoint root;
      root.root_seed = done.root_seed;
      parent = archive_.AddSplitpoint(std::move(root));
    }
    Splitpoint splitpoint;
    splitpoint.root_seed = done.root_seed;
    splitpoint.segments = done.segments;
    splitpoint.segment_draws = found.segment_draws;
    splitpoint.ordinal = found.ordinal;
    splitpoint.draws = found.draws;
    splitpoint.events = found.events;
    splitpoint.parent = parent;
    parent = archive_.AddSplitpoint(std::move(splitpoint));
    pool_.Adopt(found.checkpoint, parent);
    const int index =
        known >= 0 ? known : archive_.AddCell(found.key, found.label.Get());
    Cell& cell = archive_.cell(index);
    if (known >= 0) pool_.Retire(cell.splitpoint);
    cell.quality = found.quality;
    cell.splitpoint = parent;
    // Better arrivals at a mark deserve a fresh look, but its pick count is
    // never reset: that hurts badly (reference/explorer.md W1).
    cell.barren = 0;
  }
  if (yielded && done.cell >= 0) archive_.cell(done.cell).barren = 0;
}

void Coordinator::CommitOutcome(const Job& done, const JobSlot& slot) {
  const bool finished = slot.finished.load() != 0;
  if (finished) {
    const Splitpoint from = done.splitpoint == Job::kNone
                                ? Splitpoint()
                                : archive_.splitpoints()[done.splitpoint];
    result_.draws += slot.draws - from.draws;
    result_.events += slot.events - from.events;
    for (AssertionEntry& entry : result_.assertions) {
      entry.passes += slot.passes[entry.index];
      entry.fails += slot.fails[entry.index];
    }
  }
  if (slot.has_violation.load() != 0) {
    RecordBug(done, slot, ViolationOf(slot.violation));
  } else if (!finished) {
    RecordBug(done, slot, CrashViolation(done.wait_status));
  }
}

void Coordinator::RecordBug(const Job& done, const JobSlot& slot,
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
  recipe.set_root_seed(done.root_seed);
  SetSegments(done.segments, recipe);
  *recipe.mutable_expected() = ExpectedOf(violation);
  recipe.set_build_id(options_.build_id);
  if (slot.finished.load() != 0) {
    recipe.set_trace_hash(slot.trace_hash);
    recipe.set_events(slot.events);
    recipe.set_draws(slot.draws);
    for (uint32_t i = 0; i < slot.sample_count; ++i) {
      TraceSample* sample = recipe.add_trace_samples();
      sample->set_events(slot.samples[i].events);
      sample->set_draws(slot.samples[i].draws);
      sample->set_hash(slot.samples[i].hash);
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
    while (pool_.failure().ok() && pool_.running() > 0 &&
           !pool_.interrupted() &&
           absl::Now() - start_ < options_.time_limit) {
      Wait();
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
}

}  // namespace moonpool::explorer
