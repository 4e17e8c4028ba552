// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/campaign.h"
#include "explorer/campaigns/raft/raft.h"

namespace moonpool::raft {

REGISTER_CAMPAIGN(raft, "A replicated key-value store on a complete Raft") {
  RaftOptions options;
  options.bug = *FindBug(params.Choice("bug", BugNames(), "what is wrong"));
  // Two changes of one server each have majorities without a common member only
  // if the number of voters is even.
  const bool is_early = options.bug == Bug::kEarlyChange;
  options.nodes = static_cast<int>(params.Int(
      "nodes", is_early ? 4 : 3, "servers that vote in the beginning", {1, 9}));
  const int spares = options.bug == Bug::kSingleConfig ? 2 : 0;
  options.spares = static_cast<int>(
      params.Int("spares", is_early ? 1 : spares,
                 "servers more; with them the membership changes", {0, 5}));
  options.clients =
      static_cast<int>(params.Int("clients", 3, "at once", {1, 20}));
  options.operations = static_cast<int>(
      params.Int("operations", 60, "of each client", {0, 100000}));
  options.seconds = static_cast<int>(
      params.Int("seconds", 40, "after which no operation begins", {1, 3000}));
  // An exploration keeps the faults of its seed: those that the bug needs must
  // be among them. The other bugs need no more than crashes and partitions.
  const bool needs_disk =
      options.bug == Bug::kFsyncIgnored || options.bug == Bug::kTornTail;
  options.disk_faults =
      params.Bool("disk_faults", needs_disk,
                  "torn writes and failed syncs in every run");
  options.swarm = params.Bool("swarm", options.bug == Bug::kNone,
                              "faults of connections, clocks and disks, too");
  options.pre_vote =
      params.Bool("pre_vote", false, "pre-votes, and leaders check quorums");
  options.partitions =
      params.Bool("partitions", true, "cut links between servers");
  options.crashes = params.Bool("crashes", true, "reboot servers");
  options.calm = static_cast<int>(params.Int(
      "calm", 1, "chaos and membership changes so much rarer", {1, 1000}));
  options.snapshot_entries = static_cast<int>(
      params.Int("snapshot_entries", 25, "of the log that a snapshot replaces",
                 {1, 10000}));
  return MakeRaftSimulation(options);
}

}  // namespace moonpool::raft
