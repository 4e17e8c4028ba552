// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/problems/chances.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "providers/base/hash.h"
#include "sim/assertions/table.h"
#include "sim/core/arena.h"
#include "sim/core/rng.h"
#include "sim/core/world.h"
#include "sim/runner/report.h"

namespace moonpool::problems {
namespace {

// How to get to a place: its root seed and breakpoints.
struct Way {
  uint64_t root_seed = 0;
  std::vector<Breakpoint> breakpoints;
};

// One run, and what it came to first.
class Run final : public IterationHooks, public TimelineObserver {
 public:
  // level: the label for arrival; empty: none.
  Run(SimulationBuilder& builder, Way way, absl::string_view level)
      : way_(std::move(way)), level_(level) {
    AssertionTable::Get().set_observer(this);
    const IterationResult result = builder.RunIteration(way_.root_seed, this);
    AssertionTable::Get().set_observer(nullptr);
    has_failed_ = !result.violations.empty();
    events_ = result.events;
  }

  void OnWorldReady(World& world) override {
    const Arena::OutsideScope outside;
    world_ = &world;
    if (!way_.breakpoints.empty()) {
      world.random().SetBreakpoints(way_.breakpoints);
    }
  }
  void OnMark(const Mark& mark) override {
    const Arena::OutsideScope outside;
    marks_.insert(std::string(mark.label));
    if (level_.empty() || is_arrived_) return;
    is_arrived_ |= absl::StartsWith(mark.label, level_);
    arrival_draws_ = world_->random().segment_draws();
    segments_left_ = world_->random().has_pending_breakpoints();
  }
  void OnViolation(const Violation&) override {}

  bool has_failed() const { return has_failed_; }
  uint64_t events() const { return events_; }
  const std::set<std::string>& marks() const { return marks_; }
  // The way to the arrival, to go on from there with another seed; nullopt if
  // it never came there.
  std::optional<Way> Arrival(uint64_t seed) const {
    if (!is_arrived_) return std::nullopt;
    Way way = way_;
    // On the prefix already: it goes on where this run branched.
    if (segments_left_) {
      way.breakpoints.back().seed = seed;
    } else {
      way.breakpoints.push_back({.count = arrival_draws_, .seed = seed});
    }
    return way;
  }

 private:
  const Way way_;
  const absl::string_view level_;
  World* world_ = nullptr;
  std::set<std::string> marks_;
  bool is_arrived_ = false;
  uint64_t arrival_draws_ = 0;
  bool segments_left_ = false;
  bool has_failed_ = false;
  uint64_t events_ = 0;
};

class Estimator {
 public:
  Estimator(SimulationBuilder& builder, const ChanceOptions& options)
      : builder_(builder), options_(options) {
    estimate_.stages.resize(options.levels.size() + 1);
  }

  ChanceEstimate Estimate() {
    std::vector<Way> ways;
    for (int i = 0; i < options_.runs; ++i) {
      ways.push_back({.root_seed = NextSeed(), .breakpoints = {}});
    }
    estimate_.chance = ChanceFrom(ways, 0);
    return std::move(estimate_);
  }

 private:
  size_t Branches() const { return static_cast<size_t>(options_.branches); }
  uint64_t NextSeed() { return Mix64(options_.seed * 0x10001 + ++seeds_); }

  // The mean chance of runs that go these ways, when they are past so many
  // levels.
  double ChanceFrom(const std::vector<Way>& ways, size_t stage_index) {
    const bool is_last = stage_index == options_.levels.size();
    ChanceEstimate::Stage& stage = estimate_.stages[stage_index];
    std::vector<Way> next;
    const size_t runs_from_each = stage_index == 0 ? 1 : Branches();
    uint64_t failed_before = 0;
    for (size_t i = 0; i < ways.size(); ++i) {
      const Way& way = ways[i];
      if (i % runs_from_each == 0) {
        ++stage.places;
        failed_before = stage.failed;
      }
      const Run run(builder_, way,
                    is_last ? "" : options_.levels[stage_index]);
      ++stage.runs;
      estimate_.events += run.events();
      const std::optional<Way> arrival = run.Arrival(0);
      if (arrival.has_value()) {
        ++stage.arrived;
        if (next.size() < static_cast<size_t>(options_.arrivals)) {
          next.push_back(*arrival);
        }
      } else {
        stage.fruitful += run.has_failed() && stage.failed == failed_before;
        stage.failed += run.has_failed();
      }
    }
    double chance = static_cast<double>(stage.failed);
    if (stage.arrived > 0) {
      std::vector<Way> branches;
      for (const Way& way : next) {
        for (size_t i = 0; i < Branches(); ++i) {
          branches.push_back(way);
          branches.back().breakpoints.back().seed = NextSeed();
        }
      }
      chance += static_cast<double>(stage.arrived) *
                ChanceFrom(branches, stage_index + 1);
    }
    stage.chance = chance / static_cast<double>(stage.runs);
    return stage.chance;
  }

  SimulationBuilder& builder_;
  const ChanceOptions& options_;
  ChanceEstimate estimate_;
  uint64_t seeds_ = 0;
};

}  // namespace

ChanceReport MeasureChances(SimulationBuilder& builder,
                            const ChanceOptions& options) {
  ChanceReport report;
  builder.BaseSeed(options.seed);
  for (int i = 0; i < options.runs; ++i) {
    const Run run(builder, {.root_seed = builder.SeedOf(i), .breakpoints = {}},
                  "");
    const auto count = [&run](ChanceReport::Counts& counts) {
      ++counts.runs;
      counts.failed += run.has_failed();
    };
    count(report.all);
    for (const std::string& mark : run.marks()) count(report.marks[mark]);
    report.events += run.events();
  }
  return report;
}

ChanceEstimate EstimateChance(SimulationBuilder& builder,
                              const ChanceOptions& options) {
  return Estimator(builder, options).Estimate();
}

}  // namespace moonpool::problems
