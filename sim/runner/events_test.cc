// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: what processes, their child tasks and the world say arrives where it
// is wanted, in order, with who and when, and changes nothing. Method: small
// simulations, with and without listeners.
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sim/assertions/assertions.h"
#include "sim/runner/builder.h"
#include "sim/runner/test_simulation.h"
#include "sim/trace/event_ring.h"

namespace moonpool {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Task<void> SayInAChild(SimContext* ctx) {
  co_await ctx->time().Sleep(absl::Milliseconds(500));
  ctx->log().Info("said", {{"by", "child"}});
}

SimulationBuilder Talkers() {
  SimulationBuilder builder;
  builder.Processes(Servers(2, [](SimContext& ctx) -> Task<absl::Status> {
    ctx.log().Info("said", {{"by", "main"}});
    ctx.tasks().Spawn(SayInAChild, &ctx);
    co_await ctx.shutdown().Cancelled();
    co_return absl::OkStatus();
  }));
  builder.Fault(Gremlin([](FaultContext& ctx) -> Task<absl::Status> {
    co_await ctx.time().Sleep(absl::Seconds(1));
    co_return ctx.Reboot("10.0.1.1", RebootKind::kCrash);
  }));
  builder.Workload(Driver({.run = Sleeping(absl::Seconds(2))}));
  return builder;
}

TEST(EventsTest, ChildTasksAreHeardWithTheirNode) {
  std::vector<std::string> heard;
  SimulationBuilder builder = Talkers();
  builder.OnEvent("said", [&](const TraceEvent& event) {
    heard.push_back(absl::StrCat(event.who, " ", event.Text("by"), " ",
                                 event.time_ns / 1000000));
  });
  EXPECT_THAT(builder.RunIteration(1).violations, IsEmpty());
  // Two boots; after the crash the reboot, at whose child nobody waits.
  ASSERT_THAT(heard, SizeIs(5));
  EXPECT_THAT(heard, Contains("10.0.1.1 main 0"));
  EXPECT_THAT(heard, Contains("10.0.1.2 child 500"));
}

TEST(EventsTest, AnInvariantOnEventsViolates) {
  SimulationBuilder builder = Talkers();
  builder.OnEvent("said", [](const TraceEvent& event) {
    ASSERT_ALWAYS(event.Text("by") != "child", "no child speaks",
                  {"who", event.who});
  });
  const IterationResult result = builder.RunIteration(1);
  ASSERT_FALSE(result.violations.empty());
  EXPECT_EQ(result.violations[0].message, "no child speaks");
  EXPECT_EQ(result.violations[0].time_ns, 500000000);
}

TEST(EventsTest, WhatBefallsTheWorldIsInTheSameStream) {
  struct Recorder final : IterationHooks {
    void OnEventsReady(EventSink& sink) override { sink.set_ring(&ring); }
    EventRing ring;
  } recorder;
  SimulationBuilder builder = Talkers();
  const IterationResult observed = builder.RunIteration(3, &recorder);
  std::vector<std::string> crash;
  int64_t last_ns = 0;
  recorder.ring.ForEach([&](const TraceEvent& event) {
    EXPECT_GE(event.time_ns, last_ns);
    last_ns = event.time_ns;
    if (event.name == "crash") crash.push_back(std::string(event.who));
  });
  EXPECT_THAT(crash, ElementsAre("10.0.1.1"));
  // And nobody noticed.
  EXPECT_EQ(builder.RunIteration(3).trace_hash, observed.trace_hash);
}

}  // namespace
}  // namespace moonpool
