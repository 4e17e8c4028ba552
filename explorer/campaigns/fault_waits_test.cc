// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: whatever is to happen by the hand of a fault injector, and whatever
// ends by itself, a branch for the fault streams draws its moment again, and a
// branch for all others does not. Method: each of them alone in a world in
// which somebody draws all the time; breakpoints in the midst of a wait, and
// the moment at which that ends.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "explorer/campaigns/cut_links.h"
#include "explorer/campaigns/raft/chaos.h"
#include "explorer/problems/trouble.h"
#include "gtest/gtest.h"
#include "sim/chaos/profile.h"
#include "sim/core/world.h"
#include "sim/runner/builder.h"
#include "sim/runner/test_simulation.h"

namespace moonpool {
namespace {

// Somebody draws once a step.
constexpr int kSteps = 2000;

struct Case {
  absl::string_view name;
  void (*add)(SimulationBuilder&);
  // What befalls a world where the wait begins, and where it ends; nothing: it
  // begins with the run.
  absl::string_view begin;
  absl::string_view end;
  absl::Duration step = absl::Milliseconds(1);
  Body process = Sleeping(absl::Hours(1));
  bool restart_on_exit = false;
};

struct Moment {
  int64_t time_ns;
  std::string what;
};

struct Sample {
  int64_t time_ns;
  uint64_t draws;
};

// Sets the breakpoints and writes down what happens.
class Witness final : public IterationHooks, public WorldListener {
 public:
  explicit Witness(std::vector<Breakpoint> breakpoints)
      : breakpoints_(std::move(breakpoints)) {}
  void OnWorldReady(World& world) override {
    world.random().SetBreakpoints(breakpoints_);
    world.AddListener(this);
  }
  void OnOccurrence(const WorldOccurrence& occurrence) override {
    moments_.push_back({occurrence.time_ns, std::string(occurrence.what)});
  }
  void Take(const Sample& sample) { samples_.push_back(sample); }

  const std::vector<Moment>& moments() const { return moments_; }
  const std::vector<Sample>& samples() const { return samples_; }

 private:
  const std::vector<Breakpoint> breakpoints_;
  std::vector<Moment> moments_;
  std::vector<Sample> samples_;
};

Witness Play(const Case& test, uint64_t seed,
             std::vector<Breakpoint> breakpoints = {}) {
  Witness witness(std::move(breakpoints));
  ProcessOptions servers = Servers(3, test.process);
  servers.restart_on_exit = test.restart_on_exit;
  SimulationBuilder builder;
  builder.Processes(std::move(servers));
  builder.Workload(
      Driver({.run = [&witness, &test](SimContext& ctx) -> Task<absl::Status> {
        for (int i = 0; i < kSteps; ++i) {
          co_await ctx.time().Sleep(test.step);
          ctx.random().Next();
          witness.Take({ctx.world().now_ns(), ctx.world().random().draws()});
        }
        co_return absl::OkStatus();
      }}));
  test.add(builder);
  (void)builder.RunIteration(seed, &witness);
  return witness;
}

// The first one after a moment; none: -1.
int64_t FirstAfter(const Witness& witness, int64_t time_ns,
                   absl::string_view what) {
  for (const Moment& moment : witness.moments()) {
    if (moment.time_ns > time_ns && absl::StartsWith(moment.what, what)) {
      return moment.time_ns;
    }
  }
  return -1;
}

struct Wait {
  int64_t begin_ns;
  int64_t end_ns;
};

// Of at least ten steps, while somebody still draws.
std::optional<Wait> FindWait(const Case& test, const Witness& witness) {
  const int64_t least_ns = 10 * absl::ToInt64Nanoseconds(test.step);
  int64_t begin_ns =
      test.begin.empty() ? 0 : FirstAfter(witness, -1, test.begin);
  while (begin_ns >= 0) {
    const int64_t end_ns = FirstAfter(witness, begin_ns, test.end);
    if (end_ns - begin_ns >= least_ns &&
        end_ns < witness.samples().back().time_ns) {
      return Wait{begin_ns, end_ns};
    }
    if (test.begin.empty()) break;
    begin_ns = FirstAfter(witness, begin_ns, test.begin);
  }
  return std::nullopt;
}

uint64_t DrawsAt(const Witness& witness, int64_t time_ns) {
  uint64_t draws = 0;
  for (const Sample& sample : witness.samples()) {
    if (sample.time_ns > time_ns) break;
    draws = sample.draws;
  }
  return draws;
}

const std::vector<Case>& Cases();

class FaultWaits : public ::testing::TestWithParam<Case> {};

TEST_P(FaultWaits, AreDrawnAgainByBranches) {
  const Case& test = GetParam();
  const StreamKinds faults = KindBit(StreamKind::kFaults);
  int waits = 0;
  for (uint64_t seed = 1; waits < 5; ++seed) {
    ASSERT_LE(seed, 30u) << "there is no such wait";
    const Witness plain = Play(test, seed);
    const std::optional<Wait> wait = FindWait(test, plain);
    if (!wait.has_value()) continue;
    ++waits;
    const uint64_t count =
        DrawsAt(plain, wait->begin_ns + (wait->end_ns - wait->begin_ns) / 2);
    const auto end_of = [&](StreamKinds kinds) {
      const Breakpoint branch = {
          .count = count, .seed = 1000 + seed, .streams = kinds};
      return FirstAfter(Play(test, seed, {branch}), wait->begin_ns, test.end);
    };
    EXPECT_NE(end_of(faults), wait->end_ns) << "seed " << seed;
    EXPECT_EQ(end_of(kAllStreams & ~faults), wait->end_ns) << "seed " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(Injectors, FaultWaits, ::testing::ValuesIn(Cases()),
                         [](const auto& info) {
                           return std::string(info.param.name);
                         });

// --- The injectors ----------------------------------------------------------

constexpr LatencyRange kPause = {absl::Milliseconds(20),
                                 absl::Milliseconds(400)};

void AddTrouble(SimulationBuilder& builder,
                const problems::TroubleOptions& options) {
  builder.Fault(
      [options] { return std::make_unique<problems::Trouble>(options); });
}

void AddNetworkFaults(SimulationBuilder& builder, const NetworkFaults& faults) {
  builder.Fault(Gremlin([faults](FaultContext& ctx) -> Task<absl::Status> {
    ctx.network().SetFaults(faults);
    co_return absl::OkStatus();
  }));
}

void AddRaftChaos(SimulationBuilder& builder,
                  const raft::ChaosOptions& options) {
  builder.Fault([options] {
    return std::make_unique<raft::RaftChaos>(options,
                                             std::make_shared<CutLinks>());
  });
}

void AddReboot(SimulationBuilder& builder, const RebootOptions& options) {
  builder.Fault(Gremlin([options](FaultContext& ctx) -> Task<absl::Status> {
    co_await ctx.time().Sleep(absl::Milliseconds(30));
    co_return ctx.Reboot(ctx.process_ips()[0], options);
  }));
}

void AddFamily(SimulationBuilder& builder, FaultFamily family) {
  builder.Chaos(ChaosProfile::Random().Only({family}).Environment(false));
}

void AddProfilePauses(SimulationBuilder& builder) {
  AddFamily(builder, FaultFamily::kPause);
}
void AddRandomPartitions(SimulationBuilder& builder) {
  AddNetworkFaults(builder, {.partition_interval = absl::Milliseconds(200),
                             .partition_duration = kPause});
}
void AddTroubleCrashes(SimulationBuilder& builder) {
  AddTrouble(builder, {.crash_pause = kPause});
}
void AddTroubleCuts(SimulationBuilder& builder) {
  AddTrouble(builder, {.cut_pause = kPause});
}
void AddTroubleStalls(SimulationBuilder& builder) {
  AddTrouble(builder, {.stall_pause = kPause});
}
void AddRaftCrashes(SimulationBuilder& builder) {
  AddRaftChaos(builder, {.partitions = false});
}

constexpr absl::Duration kSlow = absl::Milliseconds(100);

const std::vector<Case>& Cases() {
  static const auto* const cases = new std::vector<Case>{
      {.name = "Attrition",
       .add =
           [](SimulationBuilder& builder) {
             builder.Attrition({.interval_min = absl::Milliseconds(20),
                                .interval_max = absl::Milliseconds(400)});
           },
       .end = "crash"},
      {.name = "ProfilePause",
       .add = AddProfilePauses,
       .end = "paused",
       .step = kSlow},
      {.name = "EndOfProfilePause",
       .add = AddProfilePauses,
       .begin = "paused",
       .end = "resumed",
       .step = kSlow},
      {.name = "ProfilePowerLoss",
       .add =
           [](SimulationBuilder& builder) {
             AddFamily(builder, FaultFamily::kPowerLoss);
             builder.Attrition({.max_dead = 3,
                                .interval_min = absl::Hours(1),
                                .interval_max = absl::Hours(1)});
           },
       .end = "power loss",
       .step = kSlow},
      {.name = "ProfileClockStep",
       .add =
           [](SimulationBuilder& builder) {
             AddFamily(builder, FaultFamily::kClockStep);
           },
       .begin = "calendar steps",
       .end = "calendar steps",
       .step = kSlow},
      {.name = "RandomPartition",
       .add = AddRandomPartitions,
       .end = "cut off from"},
      {.name = "EndOfRandomPartition",
       .add = AddRandomPartitions,
       .begin = "cut off from",
       .end = "the random partition ends"},
      {.name = "Swizzle",
       .add =
           [](SimulationBuilder& builder) {
             AddNetworkFaults(builder,
                              {.swizzle_interval = absl::Milliseconds(200)});
           },
       .end = "swizzle-clogged"},
      {.name = "TroubleCrash", .add = AddTroubleCrashes, .end = "crash"},
      {.name = "EndOfTroubleCrash",
       .add = AddTroubleCrashes,
       .begin = "crash",
       .end = "restart"},
      {.name = "TroubleCut", .add = AddTroubleCuts, .end = "cut off from"},
      {.name = "EndOfTroubleCut",
       .add = AddTroubleCuts,
       .begin = "cut off from",
       .end = "reunited with"},
      {.name = "TroubleStall", .add = AddTroubleStalls, .end = "paused"},
      {.name = "EndOfTroubleStall",
       .add = AddTroubleStalls,
       .begin = "paused",
       .end = "resumed"},
      {.name = "TroubleDrift",
       .add =
           [](SimulationBuilder& builder) {
             AddTrouble(builder, {.drift_pause = kPause, .drift_ppm = 1000});
           },
       .end = "clock drifts"},
      {.name = "RaftCrash",
       .add = AddRaftCrashes,
       .end = "crash",
       .step = absl::Milliseconds(10)},
      {.name = "EndOfRaftCrash",
       .add = AddRaftCrashes,
       .begin = "crash",
       .end = "restart",
       .step = absl::Milliseconds(10)},
      {.name = "RaftCut",
       .add =
           [](SimulationBuilder& builder) {
             AddRaftChaos(builder, {.crashes = false});
           },
       .end = "cut off from",
       .step = absl::Milliseconds(10)},
      {.name = "Recovery",
       .add =
           [](SimulationBuilder& builder) {
             AddReboot(builder, {.kind = RebootKind::kCrash});
           },
       .begin = "crash",
       .end = "restart",
       .step = absl::Milliseconds(10)},
      {.name = "RecoveryOfItsOwn",
       .add =
           [](SimulationBuilder& builder) {
             AddReboot(builder, {.recovery_delay =
                                     DurationRange(kPause.low, kPause.high)});
           },
       .begin = "crash",
       .end = "restart"},
      {.name = "GracePeriod",
       .add =
           [](SimulationBuilder& builder) {
             AddReboot(builder, {.kind = RebootKind::kGraceful});
           },
       .begin = "asked to stop",
       .end = "stopped",
       .step = absl::Milliseconds(10)},
      {.name = "RestartOnExit",
       .add = [](SimulationBuilder&) {},
       .begin = "stopped",
       .end = "restart",
       .step = absl::Milliseconds(10),
       .process = Sleeping(absl::Milliseconds(50)),
       .restart_on_exit = true},
      {.name = "EndOfPause",
       .add =
           [](SimulationBuilder& builder) {
             builder.Fault(Gremlin([](FaultContext& ctx) -> Task<absl::Status> {
               co_await ctx.time().Sleep(absl::Milliseconds(30));
               co_return ctx.Pause(ctx.process_ips()[0],
                                   {kPause.low, kPause.high});
             }));
           },
       .begin = "paused",
       .end = "resumed"},
  };
  return *cases;
}

}  // namespace
}  // namespace moonpool
