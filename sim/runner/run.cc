// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/runner/run.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/time/clock.h"
#include "providers/base/check.h"
#include "sim/assertions/table.h"
#include "sim/core/arena.h"
#include "sim/runner/watchdog.h"

namespace moonpool {
namespace {

// What all seeds so far have shown: marks and how well they were reached.
class Coverage final : public TimelineObserver {
 public:
  Coverage() {
    AssertionTable& table = AssertionTable::Get();
    // An explorer that listens already knows better.
    if (table.observer() == nullptr) table.set_observer(this);
  }
  ~Coverage() override {
    AssertionTable& table = AssertionTable::Get();
    if (table.observer() == this) table.set_observer(nullptr);
  }

  void OnMark(const Mark& mark) override {
    Arena::OutsideScope outside;
    auto [it, is_new] = marks_.emplace(mark.key, mark.quality);
    if (!is_new && !(it->second < mark.quality)) return;
    it->second = mark.quality;
    grew_ = true;
  }
  void OnViolation(const Violation&) override {}

  // Whether anything was new since the last call.
  bool TakeGrowth() { return std::exchange(grew_, false); }

 private:
  std::map<uint64_t, MarkQuality> marks_;
  bool grew_ = false;
};

bool IsGoal(AssertionKind kind) {
  return kind == AssertionKind::kSometimes ||
         kind == AssertionKind::kReachable ||
         kind == AssertionKind::kNumericSometimes ||
         kind == AssertionKind::kSometimesAll;
}

// Those that were never evaluated may belong to another simulation of this
// program; they do not count.
bool AllGoalsReached(const AssertionTable& table) {
  bool any = false;
  for (const AssertionEntry& entry : table.entries()) {
    if (!IsGoal(entry.kind) || entry.passes + entry.fails == 0) continue;
    if (entry.passes == 0) return false;
    any = true;
  }
  return any;
}

class Progress {
 public:
  Progress(const IterationControl& control, size_t seeds)
      : control_(control), seeds_(std::max(1, static_cast<int>(seeds))) {}

  // After `done` iterations. REQUIRES: done > 0.
  bool ShouldStop(int done, Coverage& coverage) {
    switch (control_.kind) {
      case IterationControl::Kind::kSeeds:
        return done >= seeds_;
      case IterationControl::Kind::kFixedCount:
        return done >= control_.max_iterations;
      case IterationControl::Kind::kTimeLimit:
        return elapsed() >= control_.time_limit;
      case IterationControl::Kind::kAllSometimesReached:
        return ReachedOrGivenUp(done, AllGoalsReached(AssertionTable::Get()));
      case IterationControl::Kind::kCoverageStable:
        stable_ = coverage.TakeGrowth() ? 0 : stable_ + 1;
        return ReachedOrGivenUp(done,
                                stable_ >= control_.plateau_seeds &&
                                    AllGoalsReached(AssertionTable::Get()));
    }
    return true;
  }
  bool gave_up() const { return gave_up_; }
  absl::Duration elapsed() const { return absl::Now() - start_; }

 private:
  bool ReachedOrGivenUp(int done, bool reached) {
    gave_up_ = !reached && done >= control_.max_iterations;
    return reached || gave_up_;
  }

  const IterationControl control_;
  const int seeds_;
  const absl::Time start_ = absl::Now();
  int stable_ = 0;
  bool gave_up_ = false;
};

}  // namespace

SimulationReport RunAll(SimulationBuilder& builder,
                        const SimulationBuilder::Config& config) {
  AssertionTable& table = AssertionTable::Get();
  for (const std::string& error : table.ContractErrors()) {
    CHECK(false) << error;
  }
  table.ResetCounts();
  SimulationReport report;
  report.base_seed = config.base_seed;
  Coverage coverage;
  Watchdog watchdog(config.wall_clock_limit);
  Progress progress(config.control, config.seeds.size());
  do {
    const uint64_t seed = builder.SeedOf(report.iterations);
    watchdog.BeginIteration(seed);
    const absl::Duration before = progress.elapsed();
    IterationResult result = builder.RunIteration(seed);
    report.Add(std::move(result),
               absl::ToInt64Nanoseconds(progress.elapsed() - before));
    if (config.fail_fast && !report.ok()) break;
  } while (!progress.ShouldStop(report.iterations, coverage));
  report.wall_time = progress.elapsed();
  report.coverage_incomplete = progress.gave_up();
  report.assertions.assign(table.entries().begin(), table.entries().end());
  report.misses = ValidateAssertions(report.assertions).misses;
  return report;
}

}  // namespace moonpool
