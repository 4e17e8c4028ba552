// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: reboots take exactly what they should. Method: one reboot of each kind,
// everything observable of it.
#include <algorithm>
#include <functional>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "providers/base/status_macros.h"
#include "providers/coro/cancellation.h"
#include "providers/coro/task_set.h"
#include "sim/assertions/assertions.h"
#include "sim/runner/builder.h"
#include "sim/runner/test_simulation.h"

namespace moonpool {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Everything observable of one reboot, 1 s after the start.
struct Witness {
  int factory_calls = 0;
  int boots = 0;
  int ticks = 0;  // of a child task, each 10 ms
  int ticks_at_reboot = 0;
  int ticks_before_recovery = 0;
  int frames_destroyed = 0;
  bool saw_shutdown = false;
  bool was_up_after = true;
  bool is_up_at_check = false;
  std::string synced;
  std::string unsynced;
  std::string connection;  // how it ended for the peer
  std::vector<uint64_t> randoms;
};

struct CountDestruction {
  explicit CountDestruction(int* count) : count(count) {}
  CountDestruction(const CountDestruction&) = delete;
  ~CountDestruction() { ++*count; }
  int* count;
};

Task<void> Tick(Time* time, int* ticks) {
  for (;;) {
    co_await time->Sleep(absl::Milliseconds(10));
    ++*ticks;
  }
}

Task<absl::Status> RunWitnessed(SimContext& ctx, Witness* witness) {
  CountDestruction frame(&witness->frames_destroyed);
  ++witness->boots;
  witness->randoms.push_back(ctx.random().Next());
  ctx.tasks().Spawn(Tick, &ctx.time(), &witness->ticks);
  if (witness->boots == 1) {
    CO_RETURN_IF_ERROR(co_await WriteFile(ctx, "synced", true));
    CO_RETURN_IF_ERROR(co_await WriteFile(ctx, "unsynced", false));
  } else {
    CO_ASSIGN_OR_RETURN(witness->synced, co_await ReadFile(ctx, "synced"));
    CO_ASSIGN_OR_RETURN(witness->unsynced, co_await ReadFile(ctx, "unsynced"));
  }
  CO_ASSIGN_OR_RETURN(auto listener, co_await ctx.network().Bind(ctx.my_ip()));
  CO_ASSIGN_OR_RETURN(Accepted peer, co_await listener->Accept());
  co_await ctx.shutdown().Cancelled();
  witness->saw_shutdown = true;
  co_return absl::OkStatus();
}

Task<absl::Status> WatchConnection(SimContext& ctx, Witness* witness) {
  absl::StatusOr<std::unique_ptr<Stream>> stream;
  do {
    co_await ctx.time().Sleep(absl::Milliseconds(50));
    stream = co_await ctx.network().Connect("10.0.1.1");
  } while (!stream.ok());
  // Or nobody would tell it of a power loss.
  (*stream)->SetKeepalive(absl::Seconds(1));
  char byte;
  const auto read = co_await (*stream)->Read(absl::MakeSpan(&byte, 1));
  witness->connection =
      read.ok() ? "end" : absl::StatusCodeToString(read.status().code());
  co_await ctx.time().Sleep(absl::Seconds(20));
  co_return absl::OkStatus();
}

Task<absl::Status> RebootOnce(FaultContext& ctx, RebootKind kind,
                              Witness* witness) {
  co_await ctx.time().Sleep(absl::Seconds(1));
  witness->ticks_at_reboot = witness->ticks;
  CO_RETURN_IF_ERROR(ctx.Reboot("10.0.1.1", kind));
  if (kind == RebootKind::kGraceful) {
    // What the process does about it is its own affair: wait until it is done.
    co_await ctx.time().Sleep(absl::Milliseconds(1));
    witness->ticks_at_reboot = witness->ticks;
  }
  witness->was_up_after = ctx.is_up("10.0.1.1");
  co_await ctx.time().Sleep(absl::Milliseconds(900));  // recovery takes >= 1 s
  witness->ticks_before_recovery = witness->ticks;
  co_return absl::OkStatus();
}

Witness SeeReboot(RebootKind kind, uint64_t seed) {
  Witness witness;
  Witness* const w = &witness;
  ProcessOptions servers =
      Servers(1, [w](SimContext& ctx) -> Task<absl::Status> {
        co_return co_await RunWitnessed(ctx, w);
      });
  auto factory = servers.factory;
  servers.factory = [w, factory] {
    ++w->factory_calls;
    return factory();
  };
  SimulationBuilder builder;
  builder.Processes(std::move(servers));
  builder.Workload(Driver({.run = [w](SimContext& ctx) -> Task<absl::Status> {
    co_return co_await WatchConnection(ctx, w);
  }}));
  builder.Fault(Gremlin([kind, w](FaultContext& ctx) -> Task<absl::Status> {
    co_return co_await RebootOnce(ctx, kind, w);
  }));
  const IterationResult result = builder.RunIteration(seed);
  EXPECT_THAT(result.violations, IsEmpty());
  EXPECT_EQ(result.boots, witness.boots);
  return witness;
}

class RebootTest : public ::testing::TestWithParam<RebootKind> {};

TEST_P(RebootTest, KillsTheProcessAndBootsAFreshOne) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    const Witness witness = SeeReboot(GetParam(), seed);
    EXPECT_EQ(witness.boots, 2);
    EXPECT_EQ(witness.factory_calls, witness.boots);
    EXPECT_FALSE(witness.was_up_after);
    // Both frames are gone in the end, the first one exactly once.
    EXPECT_EQ(witness.frames_destroyed, 2);
  }
}

TEST_P(RebootTest, ChildTasksDieWithTheirProcess) {
  const Witness witness = SeeReboot(GetParam(), 1);
  EXPECT_GE(witness.ticks_at_reboot, 99);
  EXPECT_EQ(witness.ticks_before_recovery, witness.ticks_at_reboot);
  EXPECT_GT(witness.ticks, witness.ticks_before_recovery + 100);
}

TEST_P(RebootTest, OnlyAGracefulOneAsks) {
  EXPECT_EQ(SeeReboot(GetParam(), 1).saw_shutdown,
            GetParam() == RebootKind::kGraceful);
}

TEST_P(RebootTest, ConnectionsEndAsTheyShould) {
  EXPECT_EQ(SeeReboot(GetParam(), 1).connection,
            GetParam() == RebootKind::kGraceful ? "end" : "UNAVAILABLE");
}

TEST_P(RebootTest, TakesFromTheDiskWhatItShould) {
  std::set<std::string> unsynced;
  for (uint64_t seed = 1; seed <= 40; ++seed) {
    const Witness witness = SeeReboot(GetParam(), seed);
    EXPECT_EQ(witness.synced,
              GetParam() == RebootKind::kCrashAndWipe ? "" : "data");
    unsynced.insert(witness.unsynced);
  }
  switch (GetParam()) {
    case RebootKind::kGraceful:
      EXPECT_THAT(unsynced, ElementsAre("data"));
      break;
    case RebootKind::kCrash:
    case RebootKind::kPowerLoss:
      EXPECT_THAT(unsynced, ElementsAre("", "data"));  // either happens
      break;
    case RebootKind::kCrashAndWipe:
      EXPECT_THAT(unsynced, ElementsAre(""));
      break;
  }
}

TEST_P(RebootTest, DoesNotRepeatRandomNumbers) {
  const Witness witness = SeeReboot(GetParam(), 1);
  ASSERT_THAT(witness.randoms, SizeIs(2));
  EXPECT_NE(witness.randoms[0], witness.randoms[1]);
}

INSTANTIATE_TEST_SUITE_P(Kinds, RebootTest,
                         ::testing::Values(RebootKind::kGraceful,
                                           RebootKind::kCrash,
                                           RebootKind::kCrashAndWipe,
                                           RebootKind::kPowerLoss),
                         [](const auto& info) {
                           std::string name(RebootKindName(info.param));
                           std::erase(name, ' ');
                           return name;
                         });

TEST(RebootTest, GraceEndsForAProcessThatIgnoresTheRequest) {
  std::vector<int64_t> deaths_ms;
  struct Death {
    Death(SimContext* ctx, std::vector<int64_t>* out) : ctx(ctx), out(out) {}
    Death(const Death&) = delete;
    ~Death() { out->push_back(absl::ToInt64Milliseconds(ctx->time().Now())); }
    SimContext* ctx;
    std::vector<int64_t>* out;
  };
  SimulationBuilder builder;
  builder.Processes(Servers(1, [&](SimContext& ctx) -> Task<absl::Status> {
    Death death(&ctx, &deaths_ms);
    for (;;) co_await ctx.time().Sleep(absl::Milliseconds(1));
  }));
  builder.Workload(Driver({.run = Sleeping(absl::Seconds(7))}));
  builder.Fault(Gremlin([](FaultContext& ctx) -> Task<absl::Status> {
    CO_RETURN_IF_ERROR(ctx.Reboot("10.0.1.1", RebootKind::kGraceful));
    // It is asked now, so it is not up.
    EXPECT_EQ(ctx.dead_count(), 1);
    EXPECT_TRUE(absl::IsFailedPrecondition(
        ctx.Reboot("10.0.1.1", RebootKind::kCrash)));
    EXPECT_TRUE(
        absl::IsNotFound(ctx.Reboot("10.0.1.2", RebootKind::kCrash)));
    co_return absl::OkStatus();
  }));
  EXPECT_THAT(builder.RunIteration(1).violations, IsEmpty());
  ASSERT_THAT(deaths_ms, SizeIs(2));  // the reboot and the teardown
  EXPECT_GE(deaths_ms[0], 2000);
  EXPECT_LE(deaths_ms[0], 5000);
}

TEST(RebootTest, DisksCanBeSwappedWhileBothAreDown) {
  std::vector<std::string> found;
  SimulationBuilder builder;
  builder.Processes(Servers(2, [&](SimContext& ctx) -> Task<absl::Status> {
    CO_ASSIGN_OR_RETURN(const std::string mine,
                        co_await ReadFile(ctx, ctx.my_ip()));
    const std::string other =
        ctx.my_ip() == "10.0.1.1" ? "10.0.1.2" : "10.0.1.1";
    CO_ASSIGN_OR_RETURN(const std::string others,
                        co_await ReadFile(ctx, other));
    found.push_back(absl::StrCat(mine, "/", others));
    co_return co_await WriteFile(ctx, ctx.my_ip(), true);
  }));
  builder.Fault(Gremlin([](FaultContext& ctx) -> Task<absl::Status> {
    co_await ctx.time().Sleep(absl::Seconds(1));
    EXPECT_TRUE(absl::IsFailedPrecondition(
        ctx.SwapDisks("10.0.1.1", "10.0.1.2")));
    EXPECT_EQ(ctx.RebootAll(RebootKind::kCrash), 2);
    co_return ctx.SwapDisks("10.0.1.1", "10.0.1.2");
  }));
  builder.Workload(Driver({.run = Sleeping(absl::Seconds(20))}));
  EXPECT_THAT(builder.RunIteration(1).violations, IsEmpty());
  EXPECT_THAT(found, ElementsAre("/", "/", "/data", "/data"));
}

}  // namespace
}  // namespace moonpool
