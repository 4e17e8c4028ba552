// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// No assertion tells the search how near it is to opening the lock; the edges
// of lock.cc do.

#include <memory>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "explorer/campaign.h"
#include "lock.h"
#include "providers/coro/task.h"
#include "sim/assertions/assertions.h"
#include "sim/runner/builder.h"
#include "sim/runner/context.h"
#include "sim/runner/workload.h"

namespace {

using moonpool::SimContext;
using moonpool::SimulationBuilder;
using moonpool::Task;

class Burglar : public moonpool::Workload {
 public:
  absl::string_view name() const override { return "burglar"; }

  Task<absl::Status> Run(SimContext& ctx) override {
    Lock lock;
    while (!lock.is_open() && !lock.is_jammed()) {
      co_await ctx.time().Sleep(absl::Milliseconds(10));
      lock.Turn(static_cast<int>(ctx.random().Below(12)));
    }
    ASSERT_ALWAYS(!lock.is_open(), "the lock stays closed");
    co_return absl::OkStatus();
  }
};

}  // namespace

REGISTER_CAMPAIGN(lock, "A lock that one in 20,000 opens") {
  SimulationBuilder builder;
  builder.Workload(std::make_unique<Burglar>());
  return builder;
}
