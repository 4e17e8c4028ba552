// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: a plan has what its profile asks for and nothing else; it follows from
// the root seed alone; families are independent. Method: plans of thousands of
// fixed seeds, whose fields are looked at one by one.
#include "sim/chaos/plan.h"

#include <array>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sim/core/trace_hash.h"
#include "sim/core/world.h"
#include "sim/network/sim_network.h"
#include "sim/storage/sim_disk.h"

namespace moonpool {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

ChaosPlan PlanOf(const ChaosProfile& profile, uint64_t seed) {
  TraceHash trace;
  RandomSource source(seed, &trace);
  return DrawPlan(profile, source);
}

bool IsOn(Ratio ratio) { return ratio.num != 0; }
bool IsOn(absl::Duration interval) {
  return interval != absl::InfiniteDuration();
}

// The families of a surface that the plan's numbers, not its set, turn on.
void AddNetwork(const NetworkFaults& faults, FaultSet& on) {
  if (IsOn(faults.clog_chance) || IsOn(faults.swizzle_interval)) {
    on.Add(FaultFamily::kClog);
  }
  if (IsOn(faults.partition_interval)) on.Add(FaultFamily::kPartition);
  if (IsOn(faults.bit_flip_chance)) on.Add(FaultFamily::kBitFlip);
  if (IsOn(faults.random_close_chance)) on.Add(FaultFamily::kRandomClose);
  if (IsOn(faults.connect_failure_chance) ||
      faults.connect_failure_mode != ConnectFailureMode::kNone) {
    on.Add(FaultFamily::kConnectFailure);
  }
  if (IsOn(faults.partial_io_chance)) on.Add(FaultFamily::kPartialIo);
  if (faults.max_pair_latency > absl::ZeroDuration()) {
    on.Add(FaultFamily::kPairLatency);
  }
  if (IsOn(faults.datagram_loss)) on.Add(FaultFamily::kDatagramLoss);
  if (IsOn(faults.datagram_duplicate)) {
    on.Add(FaultFamily::kDatagramDuplicate);
  }
  if (IsOn(faults.datagram_reorder)) on.Add(FaultFamily::kDatagramReorder);
}

void AddStorage(const DiskFaults& faults, FaultSet& on) {
  if (IsOn(faults.read_error) || IsOn(faults.write_error) ||
      IsOn(faults.latent_sector)) {
    on.Add(FaultFamily::kIoError);
  }
  if (IsOn(faults.bit_rot)) on.Add(FaultFamily::kBitRot);
  if (faults.crash.torn_writes) on.Add(FaultFamily::kTornWrite);
  if (IsOn(faults.misdirected_read)) on.Add(FaultFamily::kMisdirectedRead);
  if (IsOn(faults.misdirected_write)) on.Add(FaultFamily::kMisdirectedWrite);
  if (IsOn(faults.phantom_write)) on.Add(FaultFamily::kPhantomWrite);
  if (IsOn(faults.stale_read)) on.Add(FaultFamily::kStaleRead);
  if (IsOn(faults.sync_failure)) on.Add(FaultFamily::kSyncFailure);
  if (IsOn(faults.short_read) || IsOn(faults.short_write)) {
    on.Add(FaultFamily::kShortIo);
  }
  if (IsOn(faults.disk_full)) on.Add(FaultFamily::kDiskFull);
  if (IsOn(faults.stall_chance)) on.Add(FaultFamily::kDiskStall);
  if (IsOn(faults.throttle_chance)) on.Add(FaultFamily::kDiskThrottle);
  if (IsOn(faults.read_only_chance) || IsOn(faults.hang_chance)) {
    on.Add(FaultFamily::kDiskFailure);
  }
}

FaultSet WhatIsOn(const ChaosPlan& plan) {
  FaultSet on;
  AddNetwork(plan.network_faults, on);
  AddStorage(plan.disk_faults, on);
  const ClockFaults& clocks = plan.clock_faults;
  if (clocks.max_rate_ppm != 0 || clocks.max_offset != absl::ZeroDuration()) {
    on.Add(FaultFamily::kClockDrift);
  }
  if (IsOn(clocks.step_interval) || clocks.max_step != absl::ZeroDuration()) {
    on.Add(FaultFamily::kClockStep);
  }
  if (IsOn(clocks.delays.chance)) on.Add(FaultFamily::kBuggifiedDelay);
  const AttritionMask& mask = plan.attrition;
  if (mask.enabled || mask.graceful || mask.crash || mask.wipe) {
    on.Add(FaultFamily::kReboot);
  }
  if (IsOn(plan.pauses.interval)) on.Add(FaultFamily::kPause);
  if (IsOn(plan.power_losses.interval)) on.Add(FaultFamily::kPowerLoss);
  return on;
}

// Sites ask the set itself.
FaultSet WithoutCode(FaultSet set) {
  return set.Remove(FaultFamily::kBuggify).Remove(FaultFamily::kKnob);
}

TEST(ChaosPlan, OffHasNothingAtAll) {
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    const ChaosPlan plan =
        PlanOf(ChaosProfile::Off().Knobs().Operations().Environment(), seed);
    EXPECT_TRUE(plan.families.empty());
    EXPECT_TRUE(WhatIsOn(plan).empty());
    EXPECT_FALSE(plan.network.has_value());
    EXPECT_FALSE(plan.disks.has_value());
    EXPECT_FALSE(plan.operations.is_swarmed());
    EXPECT_EQ(plan.ToString(), "chaos off, no fault\n");
    FaultSet disk;
    AddStorage(plan.DiskFaultsFor(seed), disk);
    EXPECT_TRUE(disk.empty());
  }
}

TEST(ChaosPlan, AFamilyIsOnExactlyIfItsNumbersAre) {
  const ChaosProfile profiles[] = {
      ChaosProfile::Mild().Knobs(), ChaosProfile::Random().Knobs(),
      ChaosProfile::Swarm(), ChaosProfile::Swarm().Knobs()};
  for (const ChaosProfile& profile : profiles) {
    for (uint64_t seed = 0; seed < 1000; ++seed) {
      const ChaosPlan plan = PlanOf(profile, seed);
      ASSERT_EQ(WithoutCode(plan.families), WhatIsOn(plan)) << seed << "\n"
                                                            << plan.ToString();
    }
  }
}

TEST(ChaosPlan, RandomHasEveryFamilyAndMildAFewGentleOnes) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    EXPECT_EQ(PlanOf(ChaosProfile::Random(), seed).families, FaultSet::All());
    const ChaosPlan mild = PlanOf(ChaosProfile::Mild(), seed);
    EXPECT_EQ(mild.families, ChaosProfile::Mild().families());
    EXPECT_LE(mild.clock_faults.max_rate_ppm, 200);
    EXPECT_LE(mild.network_faults.partition_duration.high,
              absl::Milliseconds(300));
    EXPECT_GE(mild.network_faults.partition_interval, absl::Seconds(20));
    EXPECT_TRUE(mild.attrition.graceful);
    EXPECT_FALSE(mild.attrition.crash);
    EXPECT_FALSE(mild.attrition.wipe);
    EXPECT_FALSE(mild.network.has_value());
  }
}

TEST(ChaosPlan, SwarmKeepsEachFamilyInHalfOfTheSeedsIndependently) {
  constexpr int kSeeds = 4000;
  std::array<int, kFaultFamilies> on = {};
  std::array<std::array<int, kFaultFamilies>, kFaultFamilies> both = {};
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    const FaultSet set = PlanOf(ChaosProfile::Swarm(), seed).families;
    for (size_t i = 0; i < kFaultFamilies; ++i) {
      if (!set.has(kAllFamilies[i])) continue;
      ++on[i];
      for (size_t j = 0; j < i; ++j) both[i][j] += set.has(kAllFamilies[j]);
    }
  }
  for (size_t i = 0; i < kFaultFamilies; ++i) {
    EXPECT_NEAR(on[i], kSeeds / 2, kSeeds * 3 / 100)
        << FaultFamilyName(kAllFamilies[i]);
    for (size_t j = 0; j < i; ++j) {
      const double a = on[i], b = on[j], n = kSeeds;
      const double cells[2][2] = {{both[i][j] * 1.0, a - both[i][j]},
                                  {b - both[i][j], n - a - b + both[i][j]}};
      const double rows[2] = {a, n - a};
      // Row: is i on; column: is j on.
      const double columns[2] = {b, n - b};
      double chi2 = 0;
      for (int r = 0; r < 2; ++r) {
        for (int c = 0; c < 2; ++c) {
          const double expected = rows[r] * columns[c] / n;
          chi2 +=
              (cells[r][c] - expected) * (cells[r][c] - expected) / expected;
        }
      }
      // One degree of freedom, p = 1e-5 for each of 465 pairs.
      EXPECT_LT(chi2, 19.5) << FaultFamilyName(kAllFamilies[i]) << " and "
                            << FaultFamilyName(kAllFamilies[j]);
    }
  }
}

TEST(ChaosPlan, SwarmSeedsWithoutAFamilyHaveNoFault) {
  const ChaosProfile profile =
      ChaosProfile::Swarm().Only(FaultSurface::kClock).Knobs();
  int calm = 0;
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    const ChaosPlan plan = PlanOf(profile, seed);
    if (!plan.families.empty()) continue;
    ++calm;
    EXPECT_TRUE(WhatIsOn(plan).empty());
    EXPECT_THAT(plan.ToString(), HasSubstr("no fault"));
  }
  EXPECT_NEAR(calm, 125, 42);  // 2^-3 of the seeds
}

TEST(ChaosPlan, FollowsFromTheRootSeedAlone) {
  const ChaosProfile profile = ChaosProfile::Swarm().Knobs().Operations();
  for (uint64_t seed = 0; seed < 100; ++seed) {
    const ChaosPlan plan = PlanOf(profile, seed);
    TraceHash trace;
    RandomSource source(seed, &trace);
    RandomStream run(&source, "schedule");
    for (int i = 0; i < 10; ++i) run.Next();
    source.SetBreakpoints({{10, 77}});
    for (int i = 0; i < 10; ++i) run.Next();
    const uint64_t draws = source.draws();
    const ChaosPlan later = DrawPlan(profile, source);
    EXPECT_EQ(source.draws(), draws) << "counted draws";
    EXPECT_EQ(plan.ToString(), later.ToString());
    EXPECT_EQ(plan.disk_seed, later.disk_seed);
    for (int id = 0; id < 256; ++id) {
      const auto operation = static_cast<uint8_t>(id);
      EXPECT_EQ(plan.operations.OperationEnabled(operation),
                later.operations.OperationEnabled(operation));
    }
  }
}

std::vector<std::string> Lines(const ChaosPlan& plan) {
  std::vector<std::string> lines = absl::StrSplit(plan.ToString(), '\n');
  lines.erase(lines.begin());  // the level
  return lines;
}

TEST(ChaosPlan, ARefinementChangesNothingButWhatItRemoves) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const ChaosPlan random = PlanOf(ChaosProfile::Random(), seed);
    const ChaosPlan swarm = PlanOf(ChaosProfile::Swarm(), seed);
    const std::vector<std::string> all = Lines(random);
    for (const std::string& line : Lines(swarm)) {
      // But the kinds of reboots, which are Swarm's to mask.
      if (absl::StrContains(line, "reboot")) continue;
      EXPECT_THAT(all, Contains(line)) << seed;
    }
    const ChaosPlan less =
        PlanOf(ChaosProfile::Swarm().Without({FaultFamily::kClog}), seed);
    EXPECT_EQ(less.families,
              FaultSet(swarm.families).Remove(FaultFamily::kClog))
        << seed;
    const std::vector<std::string> whole = Lines(swarm);
    for (const std::string& line : Lines(less)) {
      if (absl::StrContains(line, "no fault")) continue;
      EXPECT_THAT(whole, Contains(line)) << seed;
    }
  }
}

TEST(ChaosPlan, IntensitiesStayInTheirRangesAndVary) {
  std::set<int64_t> intervals, latencies, depths;
  for (uint64_t seed = 0; seed < 500; ++seed) {
    const ChaosPlan plan = PlanOf(ChaosProfile::Random(), seed);
    const NetworkFaults& faults = plan.network_faults;
    intervals.insert(absl::ToInt64Milliseconds(faults.partition_interval));
    EXPECT_GE(faults.partition_interval, absl::Seconds(2));
    EXPECT_LE(faults.partition_interval, absl::Seconds(60));
    EXPECT_LE(faults.partition_duration.low, faults.partition_duration.high);
    EXPECT_LE(faults.clog_duration.low, faults.clog_duration.high);
    EXPECT_GE(plan.clock_faults.max_rate_ppm, 100);
    EXPECT_LE(plan.clock_faults.max_rate_ppm, 50000);
    EXPECT_LE(plan.clock_faults.max_offset, absl::Seconds(10));
    // At least 1e-3 of the operations.
    const DiskFaults& disk = plan.disk_faults;
    for (const Ratio rate :
         {disk.read_error, disk.write_error, disk.misdirected_read,
          disk.phantom_write, disk.stale_read, disk.sync_failure,
          disk.short_read, disk.stall_chance}) {
      EXPECT_GE(rate.num * 1000, rate.den);
      EXPECT_LE(rate.num * 20, rate.den);
    }
    EXPECT_LE(disk.stall_min, disk.stall_max);
    EXPECT_LE(disk.throttle_min, disk.throttle_max);
    EXPECT_LE(plan.pauses.duration.low, plan.pauses.duration.high);
    const NetworkOptions& network = *plan.network;
    latencies.insert(absl::ToInt64Microseconds(network.latency.low));
    EXPECT_LE(network.latency.low, network.latency.high);
    EXPECT_LE(network.latency.high, network.slow_latency);
    EXPECT_GE(network.receive_window_bytes, network.max_segment_bytes);
    EXPECT_LE(plan.disks->read.low, plan.disks->read.high);
    EXPECT_LE(plan.disks->sync.low, plan.disks->sync.high);
    EXPECT_GE(plan.disks->iops, 10000u);
    EXPECT_LT(plan.disks->iops, 100000u);
    depths.insert(plan.disks->depth);
  }
  EXPECT_GT(intervals.size(), 400u);
  EXPECT_GT(latencies.size(), 250u);
  EXPECT_THAT(depths, ::testing::ElementsAre(1, 2, 4, 8, 16, 32));
}

TEST(ChaosPlan, NetworksAndDisksTakeTheDrawnEnvironment) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    World world({.seed = seed});
    const ChaosPlan plan = DrawPlan(ChaosProfile::Swarm(), world.random());
    // Their constructors CHECK what they require.
    const SimNetwork network(&world, *plan.network);
    const SimDisk disk(&world, "10.0.1.1", *plan.disks);
    EXPECT_EQ(world.random().draws(), 0u);
    EXPECT_FALSE(PlanOf(ChaosProfile::Swarm().Environment(false), seed)
                     .network.has_value());
  }
}

TEST(ChaosPlan, KnobsSpikeAnEighthOfTheSeedsAndOnlyFamiliesThatAreOn) {
  int spikes = 0;
  const auto is_spike = [](const ChaosPlan& plan) {
    return plan.network_faults.clog_chance.num >= 50;
  };
  for (uint64_t seed = 0; seed < 2000; ++seed) {
    const ChaosProfile random = ChaosProfile::Random();
    spikes += is_spike(PlanOf(random.Knobs(), seed)) ? 1 : 0;
    EXPECT_FALSE(is_spike(PlanOf(random, seed)));
    EXPECT_FALSE(
        is_spike(PlanOf(random.Knobs().Without({FaultFamily::kKnob}), seed)));
  }
  EXPECT_NEAR(spikes, 250, 60);
}

TEST(ChaosPlan, AnEighthOfTheSeedsHasSlowDisks) {
  const ChaosProfile random = ChaosProfile::Random();
  int slow = 0;
  for (uint64_t seed = 0; seed < 2000; ++seed) {
    const ChaosPlan plan = PlanOf(random.Knobs(), seed);
    if (plan.disks->iops >= 10000) continue;
    ++slow;
    EXPECT_GE(plan.disks->iops, 100u);
    EXPECT_LT(plan.disks->bandwidth, 20000001u);
    const ChaosProfile without =
        random.Knobs().Without({FaultFamily::kDiskThrottle});
    EXPECT_GE(PlanOf(without, seed).disks->iops, 10000u);
  }
  EXPECT_NEAR(slow, 250, 60);
}

TEST(ChaosPlan, AttritionMaskOfSwarmAlwaysLeavesAKind) {
  int kinds[3] = {}, enabled = 0;
  for (uint64_t seed = 0; seed < 4000; ++seed) {
    const AttritionMask mask = PlanOf(ChaosProfile::Swarm(), seed).attrition;
    if (!mask.enabled) continue;
    ++enabled;
    EXPECT_TRUE(mask.graceful || mask.crash || mask.wipe) << seed;
    kinds[0] += mask.graceful;
    kinds[1] += mask.crash;
    kinds[2] += mask.wipe;
  }
  EXPECT_NEAR(enabled, 2000, 130);
  EXPECT_NEAR(kinds[0] / double(enabled), 0.5, 0.05);
  EXPECT_NEAR(kinds[1] / double(enabled), 0.625, 0.05);  // and when all are off
  EXPECT_NEAR(kinds[2] / double(enabled), 0.5, 0.05);
  const AttritionMask all = PlanOf(ChaosProfile::Random(), 1).attrition;
  EXPECT_TRUE(all.enabled && all.graceful && all.crash && all.wipe);
}

TEST(ChaosPlan, DisksDifferByOneFactorAndAQuarterIsHealthy) {
  const ChaosPlan plan = PlanOf(ChaosProfile::Random(), 5);
  const Ratio base = plan.disk_faults.read_error;
  int healthy = 0;
  std::set<uint64_t> halves;
  for (uint64_t disk = 0; disk < 1000; ++disk) {
    const DiskFaults faults = plan.DiskFaultsFor(disk);
    const Ratio rate = faults.read_error;
    ASSERT_EQ(rate.den, base.den * 2);
    ASSERT_EQ(rate.num % base.num, 0u);
    const uint64_t factor = rate.num / base.num;
    halves.insert(factor);
    healthy += factor == 0;
    EXPECT_EQ(faults.phantom_write.num,
              plan.disk_faults.phantom_write.num * factor);
    EXPECT_TRUE(faults.crash.torn_writes);
  }
  EXPECT_THAT(halves, ::testing::ElementsAre(0u, 1u, 2u, 4u));
  EXPECT_NEAR(healthy, 250, 55);
}

TEST(ChaosPlan, TextHasALineForEachFamily) {
  const std::string text = PlanOf(ChaosProfile::Random(), 3).ToString();
  for (const FaultFamily family : kAllFamilies) {
    EXPECT_THAT(text, HasSubstr(std::string(FaultFamilyName(family)) + ": "));
  }
  EXPECT_THAT(text, HasSubstr("chaos random"));
  EXPECT_THAT(text, HasSubstr("environment  network latency"));
  EXPECT_THAT(text, HasSubstr("environment  disks sync in"));
}

TEST(ChaosProfile, SurfacesPartitionTheFamilies) {
  size_t families = 0;
  for (const FaultSurface surface :
       {FaultSurface::kNetwork, FaultSurface::kClock, FaultSurface::kStorage,
        FaultSurface::kProcess, FaultSurface::kCode}) {
    EXPECT_FALSE(FaultSurfaceName(surface).empty());
    for (const FaultFamily family : kAllFamilies) {
      if (!FamiliesOf(surface).has(family)) continue;
      ++families;
      EXPECT_EQ(SurfaceOf(family), surface);
      EXPECT_TRUE(ChaosProfile::Random().Only(surface).families().has(family));
      EXPECT_FALSE(
          ChaosProfile::Random().Without(surface).families().has(family));
    }
  }
  EXPECT_EQ(families, kFaultFamilies);
}

}  // namespace
}  // namespace moonpool
