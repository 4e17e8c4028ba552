// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// What a timeline of the explorer costs, what a bare fork of the same process
// costs, and how much faster than real time a cluster at work is. Times are CPU times of all processes for one item (neighbours
// do not count); per_second is of wall time.
//
// Without Google Benchmark: Debian has it only shared, a fork copies every
// mapping, and what is to be measured is what users run, a static binary. The
// flags --benchmark_{format=json,filter=REGEX,min_time=SECONDS} and the form of
// the JSON are the same. Goals: tools/goals.json; run: tools/bench.
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <iostream>
#include <regex>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "explorer/campaign.h"
#include "explorer/search/explore.h"
#include "providers/base/check.h"
#include "sim/core/arena.h"
#include "sim/core/host.h"
#include "sim/core/trace_hash.h"
#include "sim/core/world.h"
#include "sim/runner/builder.h"

namespace moonpool {
namespace {

// Of this process and its finished children.
struct Usage {
  double cpu_seconds = 0;
  long page_faults = 0;

  static Usage Get() {
    absl::Duration sum;
    Usage all;
    for (const int who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
      struct rusage usage;
      CHECK_EQ(getrusage(who, &usage), 0);
      sum += absl::DurationFromTimeval(usage.ru_utime) +
             absl::DurationFromTimeval(usage.ru_stime);
      all.page_faults += usage.ru_minflt;
    }
    all.cpu_seconds = absl::ToDoubleSeconds(sum);
    return all;
  }
};

struct Benchmark {
  std::string name;
  std::function<uint64_t()> run;  // returns how many items it did
  // Given: comes before, is not measured, and all is in a process of its own.
  std::function<void()> prepare;
};

struct Options {
  bool json = false;
  std::string filter;
  double min_time = 0.5;
};

// Timelines, all included: each in a process of its own, or rewound.
uint64_t ExploreTimelines(const std::string& campaign,
                          const std::string& policy,
                          const std::string& snapshot, int workers) {
  ExploreOptions options;
  options.campaign = campaign;
  options.policy = policy;
  options.snapshot = snapshot;
  options.timelines = 2000;
  options.workers = workers;
  const absl::StatusOr<ExploreResult> result = Explore(options);
  CHECK(result.ok()) << result.status().message();
  return result->timelines;
}

constexpr size_t kLargeHeap = size_t{64} << 20;
constexpr size_t kWritten = 100;  // pages
constexpr uint64_t kSimulatedRuns = 100;

// Fork, exit and wait of this very process. The child writes to pages all over
// the heap, if one is given.
uint64_t Fork(char* heap = nullptr) {
  constexpr int kForks = 1000;
  for (int i = 0; i < kForks; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      if (heap != nullptr) {
        for (size_t at = 0; at < kLargeHeap; at += kLargeHeap / kWritten) {
          heap[at / 4096 * 4096 + 64] ^= 1;
        }
      }
      _exit(0);
    }
    CHECK(child > 0);
    int status = 0;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  return kForks;
}

// A world's heap: small blocks, all of them written to and none freed.
void FillArena() {
  constexpr size_t kBlock = 256;
  Arena::Scope scope;
  for (size_t bytes = 0; bytes < kLargeHeap; bytes += kBlock) {
    memset(::operator new(kBlock), 1, kBlock);
  }
  CHECK_GE(Arena::HighWater(), kLargeHeap);
}

// Baseline: as much memory as anybody gets it who does nothing about it.
char* small_pages = nullptr;
void FillSmallPages() {
  void* at = mmap(nullptr, kLargeHeap, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(at != MAP_FAILED);
  small_pages = static_cast<char*>(at);
  madvise(at, kLargeHeap, MADV_NOHUGEPAGE);
  memset(at, 1, kLargeHeap);
}

SimulationBuilder Build(const std::string& name,
                        CampaignParams::Values params) {
  const absl::StatusOr<const Campaign*> campaign = FindCampaign(name);
  CHECK(campaign.ok()) << campaign.status().message();
  absl::StatusOr<SimulationBuilder> builder =
      BuildCampaign(**campaign, CampaignParams(std::move(params)));
  CHECK(builder.ok()) << builder.status().message();
  return *std::move(builder);
}

// Baseline: timelines without any fork, each from its beginning.
uint64_t RunHere(const std::string& name) {
  constexpr int kRuns = 1000;
  SimulationBuilder builder = Build(name, {});
  for (uint64_t seed = 0; seed < kRuns; ++seed) builder.RunIteration(seed);
  return kRuns;
}

// The items are the simulated seconds of a campaign's runs, so that items a
// second are simulated : real. Always the same seeds: they differ in cost.
uint64_t Simulate(const std::string& campaign, CampaignParams::Values params) {
  SimulationBuilder builder = Build(campaign, std::move(params));
  int64_t simulated_ns = 0;
  for (uint64_t seed = 1000; seed < 1000 + kSimulatedRuns; ++seed) {
    simulated_ns += builder.RunIteration(seed).simulated_ns;
  }
  return static_cast<uint64_t>(simulated_ns / 1000000000);
}

// What goes into the trace hashes of the runs of Simulate.
struct TraceWords final : TraceListener {
  uint64_t events = 0;
  uint64_t others = 0;
  uint64_t draws = 0;
  uint64_t simulated_seconds = 0;

  void OnWord(const Word& word) override {
    switch (word.kind) {
      case Kind::kEvent:
        ++events;
        break;
      case Kind::kDraw:
        ++draws;
        break;
      case Kind::kFixedDraw:
        ++others;
        break;
      case Kind::kTrace:
        others += 3;
        break;
    }
  }
};
TraceWords raft_words;

void CountRaftWords() {
  World::RecordNewWorlds(&raft_words);
  raft_words.simulated_seconds = Simulate("raft", {{"nodes", "5"}});
  World::RecordNewWorlds(nullptr);
}

// The check of determinism that is always on, alone: what of the cost of
// BM_SimulatedRaft/nodes:5 the trace hashes are.
uint64_t HashTraces() {
  TraceHash hash;
  uint64_t word = 1;
  for (uint64_t i = 0; i < raft_words.events; ++i) {
    hash.Add(word++);
    if (hash.IsSampleDue(i)) hash.SampleAt(i, i);
  }
  for (uint64_t i = 0; i < raft_words.others; ++i) hash.Add(word++);
  for (uint64_t i = 0; i < raft_words.draws; ++i) hash.AddDraw(word += 77, i);
  CHECK_NE(hash.value(), 0u);
  return raft_words.simulated_seconds;
}

void Measure(const Benchmark& benchmark, const Options& options,
             bool is_first) {
  if (benchmark.prepare != nullptr) {
    std::cout.flush();
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
      benchmark.prepare();
      Measure({benchmark.name, benchmark.run, nullptr}, options, is_first);
      std::cout.flush();
      _exit(0);
    }
    int status = 0;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 0);
    return;
  }
  uint64_t items = 0;
  double cpu = 0;
  const Usage before = Usage::Get();
  const absl::Time start = absl::Now();
  do {
    items += benchmark.run();
    cpu = Usage::Get().cpu_seconds - before.cpu_seconds;
  } while (cpu < options.min_time);
  const auto count = static_cast<double>(items);
  const double faults =
      static_cast<double>(Usage::Get().page_faults - before.page_faults);
  const double wall = absl::ToDoubleSeconds(absl::Now() - start);
  if (!options.json) {
    std::cout << absl::StreamFormat(
        "%-34s %8.1f us CPU %8.0f per_second %7.1f page faults\n",
        benchmark.name, cpu / count * 1e6, count / wall, faults / count);
    return;
  }
  std::cout << absl::StreamFormat(
      "%s  {\"name\": \"%s\", \"iterations\": %d, \"real_time\": %.3f, "
      "\"cpu_time\": %.3f, \"time_unit\": \"us\", \"items_per_second\": %.1f, "
      "\"per_second\": %.1f, \"page_faults\": %.1f}",
      is_first ? "" : ",\n", benchmark.name, items, wall / count * 1e6,
      cpu / count * 1e6, count / cpu, count / wall, faults / count);
}

Options ParseFlags(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    absl::string_view flag = argv[i];
    if (absl::ConsumePrefix(&flag, "--benchmark_format=")) {
      options.json = flag == "json";
    } else if (absl::ConsumePrefix(&flag, "--benchmark_filter=")) {
      options.filter = std::string(flag);
    } else if (absl::ConsumePrefix(&flag, "--benchmark_min_time=")) {
      absl::ConsumeSuffix(&flag, "s");
      CHECK(absl::SimpleAtod(flag, &options.min_time))
          << "--benchmark_min_time: give a number of seconds";
    }
  }
  return options;
}

int Main(int argc, char** argv) {
  FixAddresses(argv);
  const Options options = ParseFlags(argc, argv);
  std::vector<Benchmark> benchmarks = {
      {"BM_Fork", [] { return Fork(); }, nullptr},
      {"BM_ForkLargeWorld/64MB", [] { return Fork(); }, FillArena},
      {"BM_ForkSmallPages/64MB", [] { return Fork(); }, FillSmallPages},
      {"BM_ForkLargeWorld/64MB/written:100",
       [] { return Fork(Arena::Mapping().begin); }, FillArena},
      {"BM_ForkSmallPages/64MB/written:100",
       [] { return Fork(small_pages); }, FillSmallPages},
      {"BM_MazeWithoutFork", [] { return RunHere("maze"); }},
      {"BM_DungeonWithoutFork", [] { return RunHere("dungeon"); }},
      {"BM_MazeSeeds/workers:1",
       [] { return ExploreTimelines("maze", "seeds", "fork", 1); }},
      {"BM_MazeSeeds/workers:2",
       [] { return ExploreTimelines("maze", "seeds", "fork", 2); }},
      {"BM_MazeForked/workers:1",
       [] { return ExploreTimelines("maze", "greedy", "fork", 1); }},
      {"BM_MazeForked/workers:2",
       [] { return ExploreTimelines("maze", "greedy", "fork", 2); }},
      {"BM_MazeRewound/workers:1",
       [] { return ExploreTimelines("maze", "greedy", "auto", 1); }},
      {"BM_MazeRewound/workers:2",
       [] { return ExploreTimelines("maze", "greedy", "auto", 2); }},
      {"BM_DungeonForked/workers:1",
       [] { return ExploreTimelines("dungeon", "greedy", "fork", 1); }},
      {"BM_DungeonForked/workers:2",
       [] { return ExploreTimelines("dungeon", "greedy", "fork", 2); }},
      {"BM_DungeonRewound/workers:1",
       [] { return ExploreTimelines("dungeon", "greedy", "auto", 1); }},
      {"BM_DungeonRewound/workers:2",
       [] { return ExploreTimelines("dungeon", "greedy", "auto", 2); }},
      {"BM_SimulatedRaft/nodes:5",
       [] { return Simulate("raft", {{"nodes", "5"}}); }},
      {"BM_TraceHashOfRaft/nodes:5", HashTraces, CountRaftWords},
  };
  if (Campaigns().contains("craft")) {  // only where the library is installed
    benchmarks.push_back({"BM_SimulatedCraft/nodes:3", [] {
                            return Simulate("craft", {{"nodes", "3"}});
                          }});
    benchmarks.push_back({"BM_SimulatedCraft/nodes:3/gentle", [] {
                            return Simulate("craft", {{"nodes", "3"},
                                                      {"rough", "false"}});
                          }});
  }
  const std::regex filter(options.filter);
  bool is_first = true;
  if (options.json) std::cout << "{\"context\": {}, \"benchmarks\": [\n";
  for (const Benchmark& benchmark : benchmarks) {
    if (!std::regex_search(benchmark.name, filter)) continue;
    Measure(benchmark, options, is_first);
    is_first = false;
  }
  if (options.json) std::cout << "\n]}\n";
  return 0;
}

}  // namespace
}  // namespace moonpool

int main(int argc, char** argv) { return moonpool::Main(argc, argv); }
