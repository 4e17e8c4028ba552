// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "explorer/campaign.h"
#include "explorer/campaigns/dungeon.h"
#include "sim/assertions/assertions.h"
#include "sim/runner/builder.h"
#include "sim/runner/workload.h"

namespace moonpool {
namespace {

class DungeonPlayer final : public Workload {
 public:
  absl::string_view name() const override { return "dungeon-player"; }

  Task<absl::Status> Run(SimContext& ctx) override {
    Dungeon dungeon(&ctx.random());
    const DungeonResult result = dungeon.Play();
    ASSERT_ALWAYS(result != DungeonResult::kTreasureFound,
                  "dungeon bug: treasure found on floor 8",
                  {"steps", dungeon.steps()});
    co_return absl::OkStatus();
  }
};

}  // namespace

REGISTER_CAMPAIGN(dungeon, "Eight floors, a key on each, a treasure below") {
  SimulationBuilder builder;
  builder.Workload(std::make_unique<DungeonPlayer>());
  return builder;
}

}  // namespace moonpool
