// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/campaigns/raft/raft.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "explorer/campaigns/raft/client.h"
#include "explorer/campaigns/raft/server.h"
#include "providers/base/check.h"
#include "sim/chaos/profile.h"
#include "sim/core/fault.h"
#include "sim/storage/sim_disk.h"

namespace moonpool::raft {
namespace {

constexpr absl::Duration kCalmest = absl::Seconds(5);
constexpr absl::Duration kRoughest = absl::Milliseconds(800);

struct ChaosOptions {
  bool partitions = true;
  bool crashes = true;
  int max_dead = 1;
  // The first so many servers may get sectors that cannot be read any more.
  int may_corrupt = 0;
};

// Cuts links between servers (clients reach all of them) and reboots servers.
// Each run has a mood: which of the two it does, and how often.
class RaftChaos final : public FaultInjector {
 public:
  explicit RaftChaos(const ChaosOptions& options) : options_(options) {}
  absl::string_view name() const override { return "raft-chaos"; }

  Task<absl::Status> Inject(FaultContext& ctx) override {
    for (size_t i = 0; i < ctx.process_ips().size(); ++i) {
      if (i < static_cast<size_t>(options_.may_corrupt)) continue;
      ctx.disk(ctx.process_ips()[i])
          .SetMayCorrupt([](absl::string_view, uint64_t, uint64_t) {
            return false;
          });
    }
    const bool partitions =
        ctx.random().Chance({4, 5}) && options_.partitions;
    const bool crashes = ctx.random().Chance({4, 5}) && options_.crashes;
    const absl::Duration pause = ctx.random().Range(kRoughest, kCalmest);
    while (partitions || crashes) {
      co_await ctx.time().Sleep(ctx.random().Range(pause / 20, pause));
      const bool cut = ctx.random().Chance({1, 2});
      if (partitions && (cut || !crashes)) {
        Partition(ctx);
      } else if (crashes) {
        Crash(ctx);
      }
    }
    co_return absl::OkStatus();
  }

 private:
  void Crash(FaultContext& ctx) const {
    const std::string& victim = ctx.random().Pick(ctx.process_ips());
    const RebootKind kind = ctx.random().Chance({1, 5})
                                ? RebootKind::kGraceful
                                : RebootKind::kCrash;
    if (ctx.dead_count() >= options_.max_dead || !ctx.is_up(victim)) return;
    // Fast enough to be back in the term in which it voted.
    (void)ctx.Reboot(victim, {.kind = kind,
                              .grace_period = ctx.random().Range(
                                  absl::Milliseconds(10),
                                  absl::Milliseconds(500)),
                              .recovery_delay = ctx.random().Range(
                                  absl::Milliseconds(5),
                                  absl::Milliseconds(1500))});
  }

  static void Partition(FaultContext& ctx) {
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

  static size_t Find(const std::vector<std::string>& ips,
                     const std::string& ip) {
    size_t i = 0;
    while (ips[i] != ip) ++i;
    return i;
  }

  // Between the servers of the set (bit i: ips[i]) and the others.
  static void Cut(SimNetwork& network, const std::vector<std::string>& ips,
                  uint64_t set) {
    for (size_t i = 0; i < ips.size(); ++i) {
      for (size_t j = 0; j < i; ++j) {
        if ((set >> i & 1) != (set >> j & 1)) network.Partition(ips[i], ips[j]);
      }
    }
  }

  const ChaosOptions options_;
};

}  // namespace

SimulationBuilder MakeRaftSimulation(const RaftOptions& options) {
  CHECK(options.nodes >= 1 && options.clients >= 1 && options.spares >= 0);
  CHECK_LE(options.nodes + options.spares, kMaxNodes);
  const absl::Duration duration = absl::Seconds(options.seconds);
  SimulationBuilder builder;
  builder
      .Processes(
          {.count = options.nodes + options.spares,
           .factory =
               [server = ServerOptions{.voters = options.nodes,
                                       .bug = options.bug,
                                       .pre_vote = options.pre_vote}] {
                 return std::make_unique<RaftServer>(server);
               }})
      .Workloads(options.clients,
                 [client = ClientOptions{.operations = options.operations,
                                         .duration = duration}](int) {
                   return std::make_unique<Client>(client);
                 })
      .Network({.latency = {absl::Milliseconds(1), absl::Milliseconds(15)},
                .slow_chance = {1, 100},
                .slow_latency = absl::Milliseconds(250),
                .connect_timeout = absl::Milliseconds(500),
                .user_timeout = absl::Seconds(1)})
      .StopAtViolation();
  if (options.spares > 0) {
    builder.Workloads(1, [voters = options.nodes, duration](int) {
      return std::make_unique<Operator>(voters, duration);
    });
  }
  if (options.swarm) {
    builder.Chaos(ChaosProfile::Swarm()
                      .Only({FaultFamily::kClog, FaultFamily::kBitFlip,
                             FaultFamily::kRandomClose,
                             FaultFamily::kConnectFailure,
                             FaultFamily::kPartialIo, FaultFamily::kClockDrift,
                             FaultFamily::kBuggifiedDelay,
                             FaultFamily::kIoError, FaultFamily::kTornWrite,
                             FaultFamily::kSyncFailure, FaultFamily::kShortIo,
                             FaultFamily::kDiskFull, FaultFamily::kDiskStall,
                             FaultFamily::kDiskThrottle})
                      .Environment(false));
  }
  builder.Fault([chaos = ChaosOptions{
                     .partitions = options.partitions,
                     .crashes = options.crashes,
                     // A server that forgets its votes breaks Raft, so disks
                     // are never wiped.
                     .max_dead = options.nodes >= 5 ? 2 : 1,
                     // Of a minority, also when the members change.
                     .may_corrupt =
                         options.nodes >= 3 && options.spares == 0 ? 1 : 0}] {
    return std::make_unique<RaftChaos>(chaos);
  });
  return builder;
}

}  // namespace moonpool::raft
