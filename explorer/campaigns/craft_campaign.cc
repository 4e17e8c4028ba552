// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Campaign craft: Debian's C-Raft (libraft 0.15.0, unchanged) as a cluster
// whose network is partitioned. The packaged library loses acknowledged
// writes: a follower acknowledges a tail of its log that the leader never
// checked, and entries of older terms are committed by counting (Figure 8 of
// the Raft paper). Partitions alone are enough; there are no crashes.
//
// Each run: chaos for 'seconds', then twenty healthy ones, longer than every
// time-out of the library; commands stop half-way through those. Then all
// nodes must have applied the same commands, every acknowledged one included.
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "explorer/campaign.h"
#include "explorer/campaigns/craft_cluster.h"
#include "explorer/campaigns/craft_server.h"
#include "explorer/campaigns/cut_links.h"
#include "sim/assertions/assertions.h"
#include "sim/runner/builder.h"

namespace moonpool::craft {
namespace {

constexpr int64_t kMaxNodes = 9;

struct Range {
  absl::Duration low;
  absl::Duration high;
};

struct Settings {
  Range chaos_interval;
  Range command_interval;
  LatencyRange latency;
};

constexpr Settings kRough = {
    .chaos_interval = {absl::Milliseconds(200), absl::Milliseconds(1500)},
    .command_interval = {absl::Milliseconds(10), absl::Milliseconds(200)},
    .latency = {absl::Milliseconds(1), absl::Milliseconds(120)},
};
constexpr Settings kGentle = {
    .chaos_interval = {absl::Milliseconds(300), absl::Seconds(3)},
    .command_interval = {absl::Milliseconds(20), absl::Milliseconds(900)},
    .latency = {absl::Milliseconds(1), absl::Milliseconds(40)},
};

// Commands go on for the first half of it.
constexpr absl::Duration kQuietTime = absl::Seconds(20);
// Just above the slowest round trip, and short, so that connections are back
// soon after a partition.
constexpr absl::Duration kConnectTimeout = absl::Milliseconds(300);
constexpr absl::Duration kUserTimeout = absl::Milliseconds(300);

class CraftClient final : public Workload {
 public:
  CraftClient(absl::Duration chaos, Range interval)
      : chaos_(chaos), interval_(interval) {}

  absl::string_view name() const override { return "craft-client"; }

  Task<absl::Status> Run(SimContext& ctx) override {
    const std::shared_ptr<CraftCluster> cluster = CraftCluster::Of(ctx.state());
    const absl::Duration last = ctx.time().Now() + chaos_ + kQuietTime / 2;
    while (ctx.time().Now() < last) {
      co_await ctx.time().Sleep(
          ctx.random().Range(interval_.low, interval_.high));
      cluster->SubmitCommand();
    }
    co_await ctx.time().Sleep(kQuietTime / 2);
    co_return absl::OkStatus();
  }

  Task<absl::Status> Check(SimContext& ctx) override {
    const std::shared_ptr<CraftCluster> cluster = CraftCluster::Of(ctx.state());
    cluster->CheckConvergence();
    co_return absl::OkStatus();
  }

 private:
  const absl::Duration chaos_;
  const Range interval_;
};

class Partitioner final : public FaultInjector {
 public:
  Partitioner(std::shared_ptr<CutLinks> links, Range interval)
      : links_(std::move(links)), interval_(interval) {
    *links_ = CutLinks{.chaos = true};
  }
  ~Partitioner() override { links_->chaos = false; }

  absl::string_view name() const override { return "craft-partitions"; }

  Task<absl::Status> Inject(FaultContext& ctx) override {
    for (;;) {
      co_await ctx.WaitBetween(interval_.low, interval_.high);
      Step(ctx);
      links_->Look(ctx);
    }
  }

 private:
  static void Step(FaultContext& ctx) {
    const std::vector<std::string>& ips = ctx.process_ips();
    SimNetwork& network = ctx.network();
    const std::string& victim = ctx.random().Pick(ips);
    switch (ctx.random().Weighted({3, 1, 1})) {
      case 0:  // alone
        network.HealAll();
        for (const std::string& other : ips) {
          if (other != victim) network.Partition(victim, other);
        }
        break;
      case 1:
        network.HealAll();
        break;
      default:  // one way, on top of what is cut already
        const std::string& other = ctx.random().Pick(ips);
        if (other != victim) network.PartitionOneWay(victim, other);
    }
  }

  const std::shared_ptr<CutLinks> links_;  // owned by the builder
  const Range interval_;
};

void CheckAfterTurn(const StateHandle& state, const CutLinks& links,
                    bool strict) {
  CraftCluster* cluster = CraftCluster::Find(state);
  if (cluster == nullptr) return;
  cluster->CheckServers(strict);
  if (links.chaos) cluster->MarkRivals(links);
}

}  // namespace

REGISTER_CAMPAIGN(
    craft, "Debian's C-Raft under partitions loses acknowledged writes") {
  const int64_t nodes =
      params.Int("nodes", 3, "servers in the cluster", {1, kMaxNodes});
  const absl::Duration chaos = absl::Seconds(
      params.Int("seconds", 80, "before the quiet time", {1, 100000}));
  const bool partitions =
      params.Bool("partitions", true, "cut links between the servers");
  const bool pre_vote =
      params.Bool("pre_vote", false, "ask before standing for election");
  const bool strict = params.Bool(
      "strict", false, "a server that shuts itself down is a violation too");
  const Settings settings =
      params.Bool("rough", true, "more faults, more latency, more commands")
          ? kRough
          : kGentle;
  auto links = std::make_shared<CutLinks>();
  SimulationBuilder builder;
  builder
      .Processes(
          {.count = static_cast<int>(nodes),
           .factory =
               [pre_vote] { return std::make_unique<CraftServer>(pre_vote); }})
      .Workload(std::make_unique<CraftClient>(chaos, settings.command_interval))
      .ChaosDuration(chaos)
      .Network({.latency = settings.latency,
                .slow_chance = {0, 1},
                .connect_timeout = kConnectTimeout,
                .user_timeout = kUserTimeout})
      .Disks({.sync = {absl::Milliseconds(1), absl::Milliseconds(30)}})
      .Invariant("craft",
                 [links, strict](const StateHandle& state, absl::Duration) {
                   CheckAfterTurn(state, *links, strict);
                 });
  if (partitions) {
    builder.Fault([links, interval = settings.chaos_interval] {
      return std::make_unique<Partitioner>(links, interval);
    });
  }
  return builder;
}

}  // namespace moonpool::craft
