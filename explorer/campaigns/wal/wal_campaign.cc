// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include "explorer/campaign.h"
#include "explorer/campaigns/wal/wal.h"

namespace moonpool::wal {

REGISTER_CAMPAIGN(wal, "A mirrored log-structured store on a failing disk") {
  CampaignOptions options;
  std::vector<std::string> bugs;
  for (const BugName& known : kBugNames) bugs.emplace_back(known.name);
  options.store.bug = *FindBug(params.Choice("bug", bugs, "what is wrong"));
  options.bursts = static_cast<int>(params.Int(
      "bursts", 30, "of 1 to 5 changes, until the client stops", {0, 1000000}));
  options.errors = params.Bool(
      "errors", true, "I/O errors, failed syncs, short transfers, a full disk");
  const std::string damage = params.Choice(
      "damage", {"one", "both", "none"},
      "copies with bit rot, bad sectors, misplaced and phantom writes");
  options.damage = damage == "one"    ? Damage::kOneCopy
                   : damage == "both" ? Damage::kBothCopies
                                      : Damage::kNone;
  return MakeSimulation(options);
}

}  // namespace moonpool::wal
