// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// What a timeline of the explorer costs, in CPU time of all its processes, and
// what a bare fork costs in the same process. Time and items are of CPU time
// (so that neighbours do not count); the counter per_second is of wall time.
// Goals: tools/goals.json; run: tools/bench.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "benchmark/benchmark.h"
#include "explorer/campaign.h"
#include "explorer/search/explore.h"
#include "providers/base/check.h"
#include "sim/runner/builder.h"

namespace moonpool {
namespace {

double CpuSecondsOf(int who) {
  struct rusage usage;
  CHECK_EQ(getrusage(who, &usage), 0);
  return absl::ToDoubleSeconds(absl::DurationFromTimeval(usage.ru_utime) +
                               absl::DurationFromTimeval(usage.ru_stime));
}

// Of this process and its finished children.
double CpuSeconds() {
  return CpuSecondsOf(RUSAGE_SELF) + CpuSecondsOf(RUSAGE_CHILDREN);
}

// CPU and wall time of what happens between Begin and End.
class Stopwatch {
 public:
  void Begin() {
    cpu_start_ = CpuSeconds();
    start_ = absl::Now();
  }
  void End(benchmark::State& state) {
    wall_ += absl::Now() - start_;
    const double cpu = CpuSeconds() - cpu_start_;
    cpu_ += cpu;
    state.SetIterationTime(cpu);
  }
  void Report(benchmark::State& state, int64_t items) {
    state.SetItemsProcessed(items);
    const auto count = static_cast<double>(items);
    state.counters["cpu_us"] = cpu_ * 1e6 / count;
    state.counters["per_second"] = count / absl::ToDoubleSeconds(wall_);
  }

 private:
  double cpu_start_ = 0;
  absl::Time start_;
  double cpu_ = 0;
  absl::Duration wall_;
};

SimulationBuilder Maze() {
  const absl::StatusOr<const Campaign*> campaign = FindCampaign("maze");
  CHECK(campaign.ok()) << campaign.status().message();
  absl::StatusOr<SimulationBuilder> builder =
      BuildCampaign(**campaign, CampaignParams({}));
  CHECK(builder.ok()) << builder.status().message();
  return *builder;
}

// Whole explorations of the maze: timelines, all included.
void Maze(benchmark::State& state, const std::string& policy) {
  ExploreOptions options;
  options.campaign = "maze";
  options.policy = policy;
  options.timelines = 2000;
  options.workers = static_cast<int>(state.range(0));
  Stopwatch watch;
  int64_t timelines = 0;
  uint64_t forks = 0;
  for (auto _ : state) {
    watch.Begin();
    const absl::StatusOr<ExploreResult> result = Explore(options);
    watch.End(state);
    CHECK(result.ok()) << result.status().message();
    timelines += static_cast<int64_t>(result->timelines);
    forks += result->forks;
  }
  watch.Report(state, timelines);
  state.counters["forks_each"] =
      static_cast<double>(forks) / static_cast<double>(timelines);
}
void BM_MazeSeeds(benchmark::State& state) { Maze(state, "seeds"); }
void BM_MazeGreedy(benchmark::State& state) { Maze(state, "greedy"); }
BENCHMARK(BM_MazeSeeds)->ArgName("workers")->Arg(1)->Arg(2)->UseManualTime();
BENCHMARK(BM_MazeGreedy)->ArgName("workers")->Arg(1)->Arg(2)->UseManualTime();

// Baseline: what fork, exit and wait take of this very process.
void BM_NaiveFork(benchmark::State& state) {
  constexpr int kForks = 500;
  Stopwatch watch;
  for (auto _ : state) {
    watch.Begin();
    for (int i = 0; i < kForks; ++i) {
      const pid_t child = fork();
      if (child == 0) _exit(0);
      CHECK(child > 0);
      int status = 0;
      CHECK_EQ(waitpid(child, &status, 0), child);
      CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    watch.End(state);
  }
  watch.Report(state, static_cast<int64_t>(state.iterations()) * kForks);
}
BENCHMARK(BM_NaiveFork)->UseManualTime();

// Baseline: a timeline without any fork, from its beginning, in this process.
void BM_MazeIteration(benchmark::State& state) {
  constexpr int kRuns = 500;
  SimulationBuilder builder = Maze();
  Stopwatch watch;
  uint64_t seed = 0;
  for (auto _ : state) {
    watch.Begin();
    for (int i = 0; i < kRuns; ++i) builder.RunIteration(++seed);
    watch.End(state);
  }
  watch.Report(state, static_cast<int64_t>(state.iterations()) * kRuns);
}
BENCHMARK(BM_MazeIteration)->UseManualTime();

}  // namespace
}  // namespace moonpool
