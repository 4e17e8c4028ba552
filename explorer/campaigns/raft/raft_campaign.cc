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
  const bool changes_members =
      *bug == Bug::kSingleConfig || *bug == Bug::kEarlyChange;
  options.nodes = static_cast<int>(std::clamp<int64_t>(
      params.Int("nodes", 3, "servers that vote in the beginning, 1 to 9"), 1,
      9));
  options.spares = static_cast<int>(std::clamp<int64_t>(
      params.Int("spares", changes_members ? 2 : 0,
                 "servers more, 0 to 5; with them the membership changes"),
      0, 5));
  options.clients = static_cast<int>(std::clamp<int64_t>(
      params.Int("clients", 3, "clients, 1 to 20"), 1, 20));
  options.operations = static_cast<int>(std::clamp<int64_t>(
      params.Int("operations", 60, "of each client"), 0, 100000));
  options.seconds = static_cast<int>(std::clamp<int64_t>(
      params.Int("seconds", 40, "after which no operation begins"), 1, 3000));
  // The other bugs need no more than crashes and partitions.
  const bool has_swarm = *bug == Bug::kNone || *bug == Bug::kFsyncIgnored ||
                         *bug == Bug::kTornTail;
  options.swarm =
      params.Bool("swarm", has_swarm,
                  "faults of connections, clocks and disks, too");
  options.pre_vote =
      params.Bool("pre_vote", false, "pre-votes, and leaders check quorums");
  options.partitions =
      params.Bool("partitions", true, "cut links between servers");
  options.crashes = params.Bool("crashes", true, "reboot servers");
  return MakeRaftSimulation(options);
}

}  // namespace moonpool::raft
