// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// A campaign outside Moonpool's own workspace: all that a user of the library writes.

#include <memory>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "explorer/campaign.h"
#include "providers/coro/task.h"
#include "sim/assertions/assertions.h"
#include "sim/runner/builder.h"
#include "sim/runner/context.h"
#include "sim/runner/workload.h"

namespace {

using moonpool::SimContext;
using moonpool::SimulationBuilder;
using moonpool::Task;

// Flips coins for a while. The explorer branches where heads first come up.
class Hello : public moonpool::Workload {
 public:
  absl::string_view name() const override { return "hello"; }

  Task<absl::Status> Run(SimContext& ctx) override {
    for (int i = 0; i < 20; ++i) {
      co_await ctx.time().Sleep(absl::Milliseconds(10));
      ASSERT_SOMETIMES(ctx.random().Chance({1, 10}), "heads came up");
    }
    co_return absl::OkStatus();
  }
};

}  // namespace

REGISTER_CAMPAIGN(hello, "One workload that flips coins") {
  SimulationBuilder builder;
  builder.Workload(std::make_unique<Hello>());
  return builder;
}
