// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "explorer/campaign.h"
#include "explorer/campaigns/maze.h"
#include "sim/assertions/assertions.h"
#include "sim/runner/builder.h"
#include "sim/runner/workload.h"

namespace moonpool {
namespace {

class MazePlayer final : public Workload {
 public:
  absl::string_view name() const override { return "maze-player"; }

  Task<absl::Status> Run(SimContext& ctx) override {
    const MazeResult result = PlayMaze(ctx.random());
    ASSERT_ALWAYS(result != MazeResult::kAllLocksOpen,
                  "maze bug: all 4 locks opened");
    co_return absl::OkStatus();
  }
};

}  // namespace

REGISTER_CAMPAIGN(maze, "Four locks behind five gates of 1/20 each") {
  SimulationBuilder builder;
  builder.Workload(std::make_unique<MazePlayer>());
  return builder;
}

}  // namespace moonpool
