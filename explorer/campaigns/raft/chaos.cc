// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/campaigns/raft/chaos.h"

#include <algorithm>
#include <cstddef>

#include "sim/network/latency.h"
#include "sim/network/sim_network.h"
#include "sim/runner/reboot.h"
#include "sim/storage/faults.h"
#include "sim/storage/sim_disk.h"

namespace moonpool::raft {
namespace {

// How long a mood lasts.
constexpr absl::Duration kShortestMood = absl::Seconds(2);
constexpr absl::Duration kLongestMood = absl::Seconds(10);

constexpr absl::Duration kRoughest = absl::Milliseconds(300);
constexpr absl::Duration kCalmest = absl::Seconds(4);

// One way, between two servers. The first is the network's own.
constexpr absl::Duration kLatencyMin = absl::Milliseconds(1);
constexpr absl::Duration kLatencies[] = {
    absl::Milliseconds(15), absl::Milliseconds(50), absl::Milliseconds(120)};
constexpr absl::Duration kSlowLatency = absl::Milliseconds(250);

// Of a thousand.
constexpr uint64_t kMostFailedSyncs = 30;

void SetLatencies(SimNetwork& network, const std::vector<std::string>& ips,
                  absl::Duration most) {
  const auto law = LatencyDistribution::Bimodal(
      {kLatencyMin, most}, {most, kSlowLatency}, {1, 100});
  for (const std::string& from : ips) {
    for (const std::string& to : ips) {
      if (from != to) network.SetLatency(from, to, law);
    }
  }
}

size_t Find(const std::vector<std::string>& ips, const std::string& ip) {
  return static_cast<size_t>(std::find(ips.begin(), ips.end(), ip) -
                             ips.begin());
}

// Between the servers of the set (bit i: ips[i]) and the others.
void Cut(SimNetwork& network, const std::vector<std::string>& ips,
         uint64_t set) {
  for (size_t i = 0; i < ips.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if ((set >> i & 1) != (set >> j & 1)) network.Partition(ips[i], ips[j]);
    }
  }
}

void ChangePartitions(FaultContext& ctx) {
  const std::vector<std::string>& ips = ctx.process_ips();
  SimNetwork& network = ctx.network();
  const std::string& victim = ctx.random().Pick(ips);
  switch (ctx.random().Weighted({4, 3, 2, 1, 1})) {
    case 0:  // alone
      network.HealAll();
      Cut(network, ips, uint64_t{1} << Find(ips, victim));
      break;
    case 1:
      network.HealAll();
      break;
    case 2: {  // one way, on top of what is cut already
      const std::string& other = ctx.random().Pick(ips);
      if (other != victim) network.PartitionOneWay(victim, other);
      break;
    }
    case 3:  // in two
      network.HealAll();
      Cut(network, ips, ctx.random().Next());
      break;
    default: {  // one pair
      const std::string& other = ctx.random().Pick(ips);
      if (other != victim) network.Partition(victim, other);
    }
  }
}

}  // namespace

Task<absl::Status> RaftChaos::Inject(FaultContext& ctx) {
  for (size_t i = 0; i < ctx.process_ips().size(); ++i) {
    if (i < static_cast<size_t>(options_.may_corrupt)) continue;
    ctx.disk(ctx.process_ips()[i])
        .SetMayCorrupt(
            [](absl::string_view, uint64_t, uint64_t) { return false; });
  }
  while (options_.partitions || options_.crashes) {
    const Mood mood = DrawMood(ctx);
    const absl::Duration end =
        ctx.time().Now() + ctx.random().Range(kShortestMood, kLongestMood);
    while (ctx.time().Now() < end) {
      co_await ctx.WaitBetween(mood.pause / 20, mood.pause);
      const bool cut = ctx.random().Chance({1, 2});
      if (mood.partitions && (cut || !mood.crashes)) {
        ChangePartitions(ctx);
        links_->Look(ctx);
      } else if (mood.crashes) {
        Crash(ctx, mood);
      }
    }
  }
  co_return absl::OkStatus();
}

RaftChaos::Mood RaftChaos::DrawMood(FaultContext& ctx) const {
  Mood mood;
  mood.partitions = ctx.random().Chance({4, 5}) && options_.partitions;
  // What a faulty disk does shows at a crash.
  mood.crashes = options_.crashes &&
                 (options_.disk_faults || ctx.random().Chance({3, 5}));
  mood.fast_restarts = ctx.random().Chance({1, 6});
  // Rough ones are as likely as calm ones.
  const absl::Duration calmest =
      ctx.random().Chance({1, 2}) ? absl::Milliseconds(1000) : kCalmest;
  mood.pause = options_.calm * ctx.random().Range(kRoughest, calmest);
  SetLatencies(ctx.network(), ctx.process_ips(),
               kLatencies[ctx.random().Weighted({3, 2, 1})]);
  if (options_.disk_faults) DrawDiskFaults(ctx);
  return mood;
}

// Not left to the plan of the seed, which all timelines of an exploration share.
void RaftChaos::DrawDiskFaults(FaultContext& ctx) {
  DiskFaults faults;
  faults.crash = {.torn_writes = true,
                  .garbage = ctx.random().Chance({1, 2})};
  faults.sync_failure = {ctx.random().Below(kMostFailedSyncs), 1000};
  for (const std::string& ip : ctx.process_ips()) {
    ctx.disk(ip).SetFaults(faults);
  }
}

void RaftChaos::Crash(FaultContext& ctx, const Mood& mood) const {
  const std::string& victim = ctx.random().Pick(ctx.process_ips());
  const RebootKind kind = ctx.random().Chance({1, 5}) ? RebootKind::kGraceful
                                                      : RebootKind::kCrash;
  if (ctx.dead_count() >= options_.max_dead || !ctx.is_up(victim)) return;
  // Fast ones are back in the term in which they voted.
  const absl::Duration longest =
      mood.fast_restarts ? absl::Milliseconds(50) : absl::Milliseconds(1500);
  (void)ctx.Reboot(
      victim, {.kind = kind,
               .grace_period = DurationRange(absl::Milliseconds(10),
                                             absl::Milliseconds(500)),
               .recovery_delay =
                   DurationRange(absl::Milliseconds(5), longest)});
}

}  // namespace moonpool::raft
