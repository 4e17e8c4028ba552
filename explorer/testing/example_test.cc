// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: the example of the README. Method: Bazel runs it, by the macro.
#include <memory>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "explorer/testing/simulation_test.h"
#include "sim/assertions/assertions.h"
#include "sim/runner/builder.h"
#include "sim/runner/context.h"
#include "sim/runner/workload.h"

namespace moonpool {
namespace {

class Sleeper final : public Workload {
 public:
  absl::string_view name() const override { return "sleeper"; }
  Task<absl::Status> Run(SimContext& ctx) override {
    const absl::Duration before = ctx.time().Now();
    const int64_t ms = ctx.random().Range(int64_t{1}, int64_t{1000});
    co_await ctx.time().Sleep(absl::Milliseconds(ms));
    const bool slept = ctx.time().Now() - before >= absl::Milliseconds(ms);
    ASSERT_ALWAYS(slept, "a sleep lasts as long as it was told");
    ASSERT_SOMETIMES(ms > 900, "a sleep is long");
    co_return absl::OkStatus();
  }
};

SIMULATION_TEST(Sleep, LastsAsLongAsTold, .iterations = 100,
                .misses_fail = true) {
  return SimulationBuilder().Workload(std::make_unique<Sleeper>());
}

}  // namespace
}  // namespace moonpool
