// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/campaigns/raft/raft.h"

#include <memory>

#include "absl/time/time.h"
#include "explorer/campaigns/cut_links.h"
#include "explorer/campaigns/raft/chaos.h"
#include "explorer/campaigns/raft/client.h"
#include "explorer/campaigns/raft/observer.h"
#include "explorer/campaigns/raft/server.h"
#include "providers/base/check.h"
#include "sim/chaos/profile.h"
#include "sim/core/fault.h"

namespace moonpool::raft {
SimulationBuilder MakeRaftSimulation(const RaftOptions& options) {
  CHECK(options.nodes >= 1 && options.clients >= 1 && options.spares >= 0);
  CHECK(options.calm >= 1 && options.snapshot_entries >= 1);
  CHECK_LE(options.nodes + options.spares, kMaxNodes);
  const absl::Duration duration = absl::Seconds(options.seconds);
  SimulationBuilder builder;
  builder
      .Processes(
          {.count = options.nodes + options.spares,
           .factory =
               [server = ServerOptions{.voters = options.nodes,
                                       .bug = options.bug,
                                       .pre_vote = options.pre_vote,
                                       .snapshot_entries =
                                           options.snapshot_entries}] {
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
    builder.Workloads(1, [voters = options.nodes, calm = options.calm,
                          duration](int) {
      return std::make_unique<Operator>(voters, calm, duration);
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
  auto links = std::make_shared<CutLinks>();
  builder.Invariant("raft links",
                    [links](const StateHandle& state, absl::Duration) {
                      if (links->is_news) Observer::OnCut(state, *links);
                    });
  builder.Fault([links, chaos = ChaosOptions{
                     .partitions = options.partitions,
                     .crashes = options.crashes,
                     .disk_faults = options.disk_faults,
                     .calm = options.calm,
                     // A server that forgets its votes breaks Raft, so disks
                     // are never wiped.
                     .max_dead = options.nodes >= 5 ? 2 : 1,
                     // Of a minority, also when the members change.
                     .may_corrupt =
                         options.nodes >= 3 && options.spares == 0 ? 1 : 0}] {
    return std::make_unique<RaftChaos>(chaos, links);
  });
  return builder;
}

}  // namespace moonpool::raft
