// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "explorer/campaign.h"
#include "explorer/campaigns/raft/raft.h"
#include "providers/base/check.h"

namespace moonpool::raft {

REGISTER_CAMPAIGN(raft, "A replicated key-value store on a complete Raft") {
  RaftOptions options;
  const std::string name =
      params.String("bug", "none", absl::StrCat("one of ", BugNames()));
  const std::optional<Bug> bug = FindBug(name);
  CHECK(bug.has_value()) << "no bug is called " << name << "; there are "
                         << BugNames();
  options.bug = *bug;
  options.nodes = static_cast<int>(std::clamp<int64_t>(
      // Two changes of one server each have majorities without a common member
      // only if the number of voters is even.
      params.Int("nodes", *bug == Bug::kEarlyChange ? 4 : 3,
                 "servers that vote in the beginning, 1 to 9"),
      1, 9));
  options.spares = static_cast<int>(std::clamp<int64_t>(
      params.Int("spares",
                 *bug == Bug::kEarlyChange    ? 1
                 : *bug == Bug::kSingleConfig ? 2
                                              : 0,
                 "servers more, 0 to 5; with them the membership changes"),
      0, 5));
  options.clients = static_cast<int>(std::clamp<int64_t>(
      params.Int("clients", 3, "clients, 1 to 20"), 1, 20));
  options.operations = static_cast<int>(std::clamp<int64_t>(
      params.Int("operations", 60, "of each client"), 0, 100000));
  options.seconds = static_cast<int>(std::clamp<int64_t>(
      params.Int("seconds", 40, "after which no operation begins"), 1, 3000));
  // An exploration keeps the faults of its seed: those that the bug needs must
  // be among them. The other bugs need no more than crashes and partitions.
  const bool needs_disk =
      *bug == Bug::kFsyncIgnored || *bug == Bug::kTornTail;
  options.disk_faults =
      params.Bool("disk_faults", needs_disk,
                  "torn writes and failed syncs in every run");
  options.swarm =
      params.Bool("swarm", *bug == Bug::kNone,
                  "faults of connections, clocks and disks, too");
  options.pre_vote =
      params.Bool("pre_vote", false, "pre-votes, and leaders check quorums");
  options.partitions =
      params.Bool("partitions", true, "cut links between servers");
  options.crashes = params.Bool("crashes", true, "reboot servers");
  options.calm = static_cast<int>(std::clamp<int64_t>(
      params.Int("calm", 1, "chaos and membership changes so much rarer"), 1,
      1000));
  options.snapshot_entries = static_cast<int>(std::clamp<int64_t>(
      params.Int("snapshot_entries", 25, "of the log that a snapshot replaces"),
      1, 10000));
  return MakeRaftSimulation(options);
}

}  // namespace moonpool::raft
