// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: a run does what builder.h says: reboots take exactly what they should,
// each way to fail gives exactly one failing seed with its own text, and the
// same seed is the same run. Method: small simulations of fixed seeds, whose
// processes and workloads are lambdas.
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

namespace moonpool {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// A copyable function from Context to Task; std::function cannot return one,
// as it is not a coroutine.
template <typename Context>
class Coroutine {
 public:
  template <typename Function>
  Coroutine(Function function)  // NOLINT: lambdas convert
      : model_(std::make_shared<Model<Function>>(std::move(function))) {}
  Task<absl::Status> operator()(Context& ctx) const {
    co_return co_await model_->Run(ctx);
  }

 private:
  struct Base {
    virtual ~Base() = default;
    virtual Task<absl::Status> Run(Context& ctx) = 0;
  };
  template <typename Function>
  struct Model final : Base {
    explicit Model(Function function) : function(std::move(function)) {}
    Task<absl::Status> Run(Context& ctx) override {
      co_return co_await function(ctx);
    }
    Function function;
  };
  std::shared_ptr<Base> model_;
};
using Body = Coroutine<SimContext>;
using FaultBody = Coroutine<FaultContext>;

Task<absl::Status> Nothing(SimContext&) { co_return absl::OkStatus(); }

Task<absl::Status> UntilShutdown(SimContext& ctx) {
  co_await ctx.shutdown().Cancelled();
  co_return absl::OkStatus();
}

Task<absl::Status> SleepFor(Time& time, absl::Duration delay) {
  co_await time.Sleep(delay);
  co_return absl::OkStatus();
}

Body Sleeping(absl::Duration delay) {
  return [delay](SimContext& ctx) -> Task<absl::Status> {
    co_await ctx.time().Sleep(delay);
    co_return absl::OkStatus();
  };
}

class TestProcess final : public Process {
 public:
  explicit TestProcess(Body run) : run_(std::move(run)) {}
  absl::string_view name() const override { return "server"; }
  Task<absl::Status> Run(SimContext& ctx) override {
    co_return co_await run_(ctx);
  }

 private:
  Body run_;
};

struct Steps {
  Body setup = Nothing;
  Body run = Nothing;
  Body check = Nothing;
};

class TestWorkload final : public Workload {
 public:
  explicit TestWorkload(Steps steps) : steps_(std::move(steps)) {}
  absl::string_view name() const override { return "driver"; }
  Task<absl::Status> Setup(SimContext& ctx) override {
    co_return co_await steps_.setup(ctx);
  }
  Task<absl::Status> Run(SimContext& ctx) override {
    co_return co_await steps_.run(ctx);
  }
  Task<absl::Status> Check(SimContext& ctx) override {
    co_return co_await steps_.check(ctx);
  }

 private:
  Steps steps_;
};

class TestInjector final : public FaultInjector {
 public:
  explicit TestInjector(FaultBody body) : body_(std::move(body)) {}
  absl::string_view name() const override { return "gremlin"; }
  Task<absl::Status> Inject(FaultContext& ctx) override {
    co_return co_await body_(ctx);
  }

 private:
  FaultBody body_;
};

ProcessOptions Servers(CountRange count, Body run) {
  ProcessOptions options;
  options.count = count;
  options.factory = [run = std::move(run)] {
    return std::make_unique<TestProcess>(run);
  };
  return options;
}

std::unique_ptr<Workload> Driver(Steps steps) {
  return std::make_unique<TestWorkload>(std::move(steps));
}

std::function<std::unique_ptr<FaultInjector>()> Gremlin(FaultBody body) {
  return [body = std::move(body)] {
    return std::make_unique<TestInjector>(body);
  };
}

uint64_t SeedOfRun(SimContext& ctx) {
  return ctx.world().random().root_seed();
}

// ---- Reboots ----------------------------------------------------------------

Task<absl::Status> WriteFile(SimContext& ctx, std::string path, bool sync) {
  CO_ASSIGN_OR_RETURN(auto file,
                      co_await ctx.storage().Open(path, {.create = true}));
  CO_RETURN_IF_ERROR(co_await file->Append("data"));
  if (sync) CO_RETURN_IF_ERROR(co_await file->Sync());
  if (sync) CO_RETURN_IF_ERROR(co_await ctx.storage().SyncDirectory(""));
  co_return absl::OkStatus();
}

// "" if there is no such file.
Task<absl::StatusOr<std::string>> ReadFile(SimContext& ctx, std::string path) {
  auto file = co_await ctx.storage().Open(path);
  if (absl::IsNotFound(file.status())) co_return std::string();
  if (!file.ok()) co_return file.status();
  co_return co_await (*file)->ReadAll();
}

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
                                           RebootKind::kCrashAndWipe),
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

TEST(AttritionTest, NeverMoreThanMaxDeadAreDown) {
  for (const int max_dead : {0, 1, 2}) {
    const FaultContext* faults = nullptr;
    int most = 0;
    SimulationBuilder builder;
    builder.Processes(Servers({3, 5}, UntilShutdown))
        .Attrition({.max_dead = max_dead})
        .Iterations(200)
        .Workloads(1,
                   [&](int) {
                     faults = nullptr;  // a new iteration
                     return Driver({.run = Sleeping(absl::Seconds(60))});
                   })
        .Fault(Gremlin([&](FaultContext& ctx) -> Task<absl::Status> {
          faults = &ctx;
          co_return absl::OkStatus();
        }))
        .Invariant("few are dead", [&](const StateHandle&, absl::Duration) {
          if (faults == nullptr) return;
          most = std::max(most, faults->dead_count());
          ASSERT_ALWAYS_LESS_THAN_OR_EQUAL_TO(faults->dead_count(), max_dead,
                                              "at most max_dead are down");
        });
    const SimulationReport report = builder.Run();
    EXPECT_EQ(report.iterations, 200);
    EXPECT_TRUE(report.ok()) << report.ToString();
    EXPECT_EQ(most, max_dead);
  }
}

// How often processes were asked to stop, died otherwise, and found their disk
// empty, in 20 seeds.
struct Deaths {
  int graceful = 0;
  int reboots = 0;
  int empty_disks = 0;
};

Deaths CountDeaths(AttritionOptions attrition) {
  Deaths deaths;
  bool has_booted = false;
  bool has_synced = false;
  SimulationBuilder builder;
  builder.Attrition(attrition)
      .Iterations(20)
      .Workloads(1,
                 [&](int) {
                   has_booted = has_synced = false;
                   return Driver({.run = Sleeping(absl::Seconds(60))});
                 })
      .Processes(Servers(1, [&](SimContext& ctx) -> Task<absl::Status> {
        if (has_booted) ++deaths.reboots;
        has_booted = true;
        CO_ASSIGN_OR_RETURN(std::string data, co_await ReadFile(ctx, "f"));
        if (has_synced && data.empty()) ++deaths.empty_disks;
        if (data.empty()) {
          has_synced = false;
          CO_RETURN_IF_ERROR(co_await WriteFile(ctx, "f", true));
        }
        has_synced = true;
        co_await ctx.shutdown().Cancelled();
        ++deaths.graceful;
        co_return absl::OkStatus();
      }));
  const SimulationReport report = builder.Run();
  EXPECT_TRUE(report.ok()) << report.ToString();
  EXPECT_GT(deaths.reboots, 40);
  return deaths;
}

TEST(AttritionTest, AllWeightsZeroMeansCrash) {
  const Deaths deaths = CountDeaths(
      {.prob_graceful = 0, .prob_crash = 0, .prob_wipe = 0});
  EXPECT_EQ(deaths.graceful, 0);
  EXPECT_EQ(deaths.empty_disks, 0);
}

TEST(AttritionTest, WeightsChooseTheKind) {
  const Deaths graceful = CountDeaths(
      {.prob_graceful = 2, .prob_crash = 0, .prob_wipe = 0});
  EXPECT_GE(graceful.graceful, graceful.reboots);
  EXPECT_EQ(graceful.empty_disks, 0);
  const Deaths wipe = CountDeaths(
      {.prob_graceful = 0, .prob_crash = 0, .prob_wipe = 0.001});
  EXPECT_EQ(wipe.graceful, 0);
  // A last reboot of an iteration may not get as far as to look.
  EXPECT_GT(wipe.empty_disks, wipe.reboots * 8 / 10);
  const Deaths mixed = CountDeaths({});
  EXPECT_GT(mixed.graceful, 0);
  EXPECT_GT(mixed.empty_disks, 0);
  EXPECT_GT(mixed.reboots, mixed.graceful + mixed.empty_disks);
}

// ---- Verdicts ---------------------------------------------------------------

// Runs the seeds 1, 2, 3 of a simulation that goes wrong for seed 2, and
// returns the violations of that one.
std::vector<Violation> FailureOf(SimulationBuilder builder) {
  const SimulationReport report = builder.Seeds({1, 2, 3}).Run();
  EXPECT_EQ(report.iterations, 3);
  EXPECT_EQ(report.failed_iterations, 1) << report.ToString();
  EXPECT_FALSE(report.ok());
  if (report.failures.size() != 1) return {};
  EXPECT_EQ(report.failures[0].seed, 2u);
  for (const Violation& violation : report.failures[0].violations) {
    EXPECT_THAT(report.ToString(), HasSubstr(violation.message));
  }
  return report.failures[0].violations;
}

MATCHER_P3(IsViolation, kind, message, details, "") {
  *result_listener << arg.kind << ": " << arg.message << ": " << arg.details;
  return arg.kind == kind && arg.message == message && arg.details == details;
}

SimulationBuilder WithRun(Body run) {
  SimulationBuilder builder;
  builder.Workload(Driver({.run = std::move(run)}));
  return builder;
}
SimulationBuilder WithServer(Body run) {
  SimulationBuilder builder = WithRun(Sleeping(absl::Seconds(1)));
  builder.Processes(Servers(1, std::move(run)));
  return builder;
}

// Goes wrong, for seed 2 only.
Task<absl::Status> ReturnsError(SimContext& ctx) {
  co_await ctx.time().Sleep(absl::Milliseconds(5));
  if (SeedOfRun(ctx) == 2) co_return absl::DataLossError("boom");
  co_return absl::OkStatus();
}
Task<absl::Status> Throws(SimContext& ctx) {
  co_await ctx.time().Sleep(absl::Milliseconds(5));
  if (SeedOfRun(ctx) == 2) throw std::runtime_error("boom");
  co_return absl::OkStatus();
}

TEST(VerdictTest, ErrorOfASetUp) {
  int runs = 0;
  int checks = 0;
  SimulationBuilder builder;
  builder.Workload(
      Driver({.setup = ReturnsError,
              .run = [&](SimContext&) -> Task<absl::Status> {
                ++runs;
                co_return absl::OkStatus();
              },
              .check = [&](SimContext&) -> Task<absl::Status> {
                ++checks;
                co_return absl::OkStatus();
              }}));
  EXPECT_THAT(FailureOf(builder),
              ElementsAre(IsViolation(
                  "workload error",
                  "set-up of workload driver returned DATA_LOSS", "boom")));
  EXPECT_EQ(runs, 2);  // not after a failed set-up
  EXPECT_EQ(checks, 2);
}

TEST(VerdictTest, ErrorOfARun) {
  EXPECT_THAT(FailureOf(WithRun(ReturnsError)),
              ElementsAre(IsViolation("workload error",
                                      "run of workload driver returned "
                                      "DATA_LOSS",
                                      "boom")));
}

TEST(VerdictTest, ErrorOfACheck) {
  SimulationBuilder builder;
  builder.Workload(Driver({.check = ReturnsError}));
  EXPECT_THAT(FailureOf(builder),
              ElementsAre(IsViolation("workload error",
                                      "check of workload driver returned "
                                      "DATA_LOSS",
                                      "boom")));
}

TEST(VerdictTest, ErrorOfAProcess) {
  EXPECT_THAT(
      FailureOf(WithServer(ReturnsError)),
      ElementsAre(IsViolation("process error",
                              "process server returned DATA_LOSS",
                              "10.0.1.1: boom")));
}

TEST(VerdictTest, ExceptionInAProcess) {
  EXPECT_THAT(FailureOf(WithServer(Throws)),
              ElementsAre(IsViolation("exception",
                                      "an exception left server", "boom")));
}

TEST(VerdictTest, ExceptionInAChildTaskOfAProcess) {
  SimulationBuilder builder =
      WithServer([](SimContext& ctx) -> Task<absl::Status> {
        auto child = [](SimContext* ctx) -> Task<absl::Status> {
          co_return co_await Throws(*ctx);
        };
        ctx.tasks().Spawn(child, &ctx);
        co_await ctx.shutdown().Cancelled();
        co_return absl::OkStatus();
      });
  EXPECT_THAT(FailureOf(builder),
              ElementsAre(IsViolation("exception",
                                      "an exception left server", "boom")));
}

TEST(VerdictTest, ExceptionInAWorkload) {
  EXPECT_THAT(FailureOf(WithRun(Throws)),
              ElementsAre(IsViolation("exception",
                                      "an exception left driver", "boom")));
}

TEST(VerdictTest, ErrorOfAnInjector) {
  SimulationBuilder builder = WithRun(Sleeping(absl::Seconds(1)));
  builder.Fault(Gremlin([](FaultContext& ctx) -> Task<absl::Status> {
    co_await ctx.time().Sleep(absl::Milliseconds(5));
    if (World::Current()->random().root_seed() != 2) co_return absl::OkStatus();
    co_return absl::DataLossError("boom");
  }));
  EXPECT_THAT(
      FailureOf(builder),
      ElementsAre(IsViolation("injector error",
                              "fault injector gremlin returned DATA_LOSS",
                              "boom")));
}

TEST(VerdictTest, ExceptionInAnInjector) {
  SimulationBuilder builder = WithRun(Sleeping(absl::Seconds(1)));
  builder.Fault(Gremlin([](FaultContext& ctx) -> Task<absl::Status> {
    co_await ctx.time().Sleep(absl::Milliseconds(5));
    if (World::Current()->random().root_seed() == 2) {
      throw std::runtime_error("boom");
    }
    co_return absl::OkStatus();
  }));
  EXPECT_THAT(FailureOf(builder),
              ElementsAre(IsViolation(
                  "exception", "an exception left a fault injector", "boom")));
}

TEST(VerdictTest, ViolatedAssertion) {
  SimulationBuilder builder =
      WithRun([](SimContext& ctx) -> Task<absl::Status> {
        co_await ctx.time().Sleep(absl::Milliseconds(5));
        const uint64_t seed = SeedOfRun(ctx);
        ASSERT_ALWAYS(seed != 2, "the seed is not 2", {"seed", seed});
        co_return absl::OkStatus();
      });
  const std::vector<Violation> violations = FailureOf(builder);
  EXPECT_THAT(violations, ElementsAre(IsViolation(
                              "ASSERT_ALWAYS", "the seed is not 2", "seed=2")));
  ASSERT_THAT(violations, SizeIs(1));
  EXPECT_EQ(violations[0].time_ns, 5'000'000);
  EXPECT_EQ(violations[0].event, 1u);
  EXPECT_THAT(violations[0].place, HasSubstr("runner_test.cc:"));
}

TEST(VerdictTest, ViolatedInvariant) {
  SimulationBuilder builder =
      WithRun([](SimContext& ctx) -> Task<absl::Status> {
        co_await ctx.time().Sleep(absl::Milliseconds(5));
        ctx.state().Publish("seed", SeedOfRun(ctx));
        co_return absl::OkStatus();
      });
  builder.Invariant("no 2", [](const StateHandle& state, absl::Duration now) {
    EXPECT_EQ(state.Get<int>("seed"), nullptr);  // another type
    const uint64_t* seed = state.Get<uint64_t>("seed");
    if (seed == nullptr) return;
    EXPECT_EQ(now, absl::Milliseconds(5));
    ASSERT_ALWAYS(*seed != 2, "the published seed is not 2");
  });
  EXPECT_THAT(FailureOf(builder),
              Contains(IsViolation("ASSERT_ALWAYS",
                                   "the published seed is not 2", "")));
}

TEST(VerdictTest, ExceptionInAnInvariant) {
  SimulationBuilder builder = WithRun(Sleeping(absl::Seconds(1)));
  builder.Invariant("throws", [](const StateHandle&, absl::Duration) {
    if (World::Current()->random().root_seed() == 2) {
      throw std::runtime_error("boom");
    }
  });
  EXPECT_THAT(FailureOf(builder),
              ElementsAre(IsViolation(
                  "exception", "an exception left invariant throws",
                  "boom")));
}

TEST(VerdictTest, Deadlock) {
  SimulationBuilder builder =
      WithRun([](SimContext& ctx) -> Task<absl::Status> {
        // Nobody asks a workload to stop.
        if (SeedOfRun(ctx) == 2) co_await ctx.shutdown().Cancelled();
        co_return absl::OkStatus();
      });
  EXPECT_THAT(FailureOf(builder),
              ElementsAre(IsViolation(
                  "deadlock", "nothing can happen any more in phase run",
                  "waiting: driver")));
}

TEST(VerdictTest, RunTimeBudget) {
  SimulationBuilder builder =
      WithRun([](SimContext& ctx) -> Task<absl::Status> {
        // The whole budget is allowed.
        co_await ctx.time().Sleep(absl::Minutes(1));
        while (SeedOfRun(ctx) == 2) co_await ctx.time().Sleep(absl::Seconds(1));
        co_return absl::OkStatus();
      });
  builder.RunTimeBudget(absl::Minutes(1));
  EXPECT_THAT(FailureOf(builder),
              ElementsAre(IsViolation("time budget",
                                      "more than 1m of simulated time",
                                      "waiting: driver")));
}

TEST(VerdictTest, BusyLoop) {
  SimulationBuilder builder =
      WithRun([](SimContext& ctx) -> Task<absl::Status> {
        while (SeedOfRun(ctx) == 2) co_await ctx.tasks().YieldNow();
        co_return absl::OkStatus();
      });
  EXPECT_THAT(FailureOf(builder),
              ElementsAre(IsViolation(
                  "busy loop", "tasks run for ever without time passing",
                  "waiting: driver")));
}

TEST(VerdictTest, Leak) {
  CancellationSource never;
  TaskSet elsewhere;
  SimulationBuilder builder =
      WithRun([&](SimContext& ctx) -> Task<absl::Status> {
        auto wait = [](const CancellationSource* source) -> Task<void> {
          co_await source->token().Cancelled();
        };
        if (SeedOfRun(ctx) == 2) elsewhere.Spawn(wait, &never);
        co_await ctx.time().Sleep(absl::Milliseconds(1));
        co_return absl::OkStatus();
      });
  const std::vector<Violation> violations = FailureOf(builder);
  ASSERT_THAT(violations, SizeIs(1));
  EXPECT_EQ(violations[0].kind, "leak");
  EXPECT_EQ(violations[0].message,
            "coroutine frames are left after the teardown");
}

TEST(VerdictTest, FailFastEndsTheRun) {
  SimulationBuilder builder = WithRun(ReturnsError);
  const SimulationReport report =
      builder.Seeds({1, 2, 3}).FailFast().Run();
  EXPECT_EQ(report.iterations, 2);
  EXPECT_EQ(report.failed_iterations, 1);
}

TEST(VerdictTest, StopAtViolationEndsTheIteration) {
  SimulationBuilder builder =
      WithRun([](SimContext& ctx) -> Task<absl::Status> {
        co_await ctx.time().Sleep(absl::Seconds(1));
        ASSERT_UNREACHABLE("the first second has passed");
        co_await ctx.time().Sleep(absl::Seconds(1));
        co_return absl::OkStatus();
      });
  EXPECT_EQ(builder.RunIteration(1).simulated_ns, 2'000'000'000);
  EXPECT_EQ(builder.StopAtViolation().RunIteration(1).simulated_ns,
            1'000'000'000);
}

TEST(VerdictTest, FailuresAreCountedBeyondThoseThatAreKept) {
  SimulationBuilder builder = WithRun([](SimContext&) -> Task<absl::Status> {
    co_return absl::InternalError("always");
  });
  const SimulationReport report =
      builder.Iterations(SimulationReport::kMaxFailures + 20).Run();
  EXPECT_EQ(report.failed_iterations, report.iterations);
  EXPECT_THAT(report.failures, SizeIs(SimulationReport::kMaxFailures));
}

// ---- Phases -----------------------------------------------------------------

Task<absl::Status> Echo(SimContext& ctx) {
  auto serve = [](std::unique_ptr<Stream> stream) -> Task<absl::Status> {
    char bytes[4];
    CO_RETURN_IF_ERROR(co_await stream->ReadFull(absl::MakeSpan(bytes)));
    co_return co_await stream->Write(absl::string_view(bytes, sizeof(bytes)));
  };
  CO_ASSIGN_OR_RETURN(auto listener, co_await ctx.network().Bind(ctx.my_ip()));
  for (;;) {
    CO_ASSIGN_OR_RETURN(Accepted peer, co_await listener->Accept());
    ctx.tasks().Spawn(serve, std::move(peer.stream));
  }
}

Task<absl::Status> Call(SimContext& ctx, std::string ip) {
  CO_ASSIGN_OR_RETURN(auto stream, co_await ctx.network().Connect(ip));
  CO_RETURN_IF_ERROR(co_await stream->Write("ping"));
  char bytes[4];
  CO_RETURN_IF_ERROR(co_await stream->ReadFull(absl::MakeSpan(bytes)));
  if (absl::string_view(bytes, sizeof(bytes)) != "ping") {
    co_return absl::DataLossError("another echo");
  }
  co_return absl::OkStatus();
}

Task<absl::Status> CallAll(SimContext& ctx) {
  // A server that has just been booted may need a moment to listen.
  co_await ctx.time().Sleep(absl::Milliseconds(1));
  for (const std::string& ip : ctx.topology().all_process_ips()) {
    CO_RETURN_IF_ERROR(co_await Call(ctx, ip));
  }
  co_return absl::OkStatus();
}

TEST(PhaseTest, ChecksTalkToLiveServersAfterChaos) {
  SimulationBuilder builder;
  int boots = 0;
  builder.Processes(Servers({3, 5}, Echo))
      .Attrition({.max_dead = 2})
      .Fault(Gremlin([](FaultContext& ctx) -> Task<absl::Status> {
        // Left for the engine to heal.
        for (const std::string& ip : ctx.process_ips()) {
          ctx.network().Partition("10.0.0.1", ip);
        }
        co_return absl::OkStatus();
      }))
      .Workload(Driver(
          {.run = Sleeping(absl::Seconds(20)), .check = CallAll}));
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    const IterationResult result = builder.RunIteration(seed);
    EXPECT_THAT(result.violations, IsEmpty()) << "seed " << seed;
    boots += result.boots;
  }
  EXPECT_GT(boots, 50 * 6);
}

TEST(PhaseTest, ChaosStartsAfterSetUpAndEndsInTime) {
  std::vector<int64_t> seconds;
  SimulationBuilder builder;
  builder.ChaosDuration(absl::Milliseconds(3500))
      .Fault(Gremlin([&](FaultContext& ctx) -> Task<absl::Status> {
        for (;;) {
          seconds.push_back(absl::ToInt64Seconds(ctx.time().Now()));
          co_await ctx.time().Sleep(absl::Seconds(1));
        }
      }))
      .Workload(Driver({.setup = Sleeping(absl::Seconds(2)),
                        .run = Sleeping(absl::Seconds(10)),
                        .check = Sleeping(absl::Seconds(5))}));
  EXPECT_EQ(builder.RunIteration(1).simulated_ns, 17'000'000'000);
  EXPECT_THAT(seconds, ElementsAre(2, 3, 4, 5));
}

TEST(PhaseTest, EndsAtTheVeryMomentItsWorkIsDone) {
  SimulationBuilder builder;
  builder.Processes(Servers(2, [](SimContext& ctx) -> Task<absl::Status> {
    for (;;) co_await ctx.time().Sleep(absl::Milliseconds(7));
  }));
  builder.Workload(Driver({.run = Sleeping(absl::Milliseconds(10))}));
  const IterationResult result = builder.RunIteration(1);
  EXPECT_THAT(result.violations, IsEmpty());
  EXPECT_EQ(result.simulated_ns, 10'000'000);
}

TEST(PhaseTest, AnEmptyIterationTakesNoTime) {
  SimulationBuilder builder;
  const IterationResult result = builder.RunIteration(1);
  EXPECT_THAT(result.violations, IsEmpty());
  EXPECT_EQ(result.simulated_ns, 0);
  EXPECT_EQ(result.events, 0u);
  EXPECT_EQ(result.boots, 0);
}

TEST(PhaseTest, CancelledTimeoutsLeaveNothingBehind) {
  SimulationBuilder builder =
      WithRun([](SimContext& ctx) -> Task<absl::Status> {
        for (int i = 0; i < 1000; ++i) {
          CO_RETURN_IF_ERROR(co_await ctx.time().Timeout(
              absl::Hours(1), SleepFor(ctx.time(), absl::Milliseconds(1))));
        }
        EXPECT_EQ(ctx.world().pending_events(), 0u);
        co_return absl::OkStatus();
      });
  const IterationResult result = builder.RunIteration(1);
  EXPECT_THAT(result.violations, IsEmpty());
  EXPECT_EQ(result.simulated_ns, 1'000'000'000);
}

TEST(PhaseTest, HooksSeeTheWholeIteration) {
  struct Hooks final : IterationHooks {
    void OnWorldReady(World& world) override {
      EXPECT_EQ(world.events(), 0u);
      EXPECT_EQ(world.random().draws(), 0u);
      ++ready;
    }
    void OnFinished(const IterationResult& result) override {
      EXPECT_EQ(result.simulated_ns, 10'000'000);
      ++finished;
    }
    int ready = 0;
    int finished = 0;
  } hooks;
  SimulationBuilder builder;
  builder.Processes(Servers(3, UntilShutdown));
  builder.Workload(Driver({.run = Sleeping(absl::Milliseconds(10))}));
  EXPECT_THAT(builder.RunIteration(1, &hooks).violations, IsEmpty());
  EXPECT_EQ(hooks.ready, 1);
  EXPECT_EQ(hooks.finished, 1);
}

// ---- Who takes part ---------------------------------------------------------

TEST(TopologyTest, CountsAreDrawnPerSeed) {
  std::set<size_t> servers;
  std::set<int> drivers;
  size_t server_count = 0;
  int driver_count = 0;
  SimulationBuilder builder;
  builder.Processes(Servers({3, 7}, UntilShutdown));
  builder.Workloads({1, 3}, [&](int) {
    return Driver({.run = [&](SimContext& ctx) -> Task<absl::Status> {
      server_count = ctx.topology().all_process_ips().size();
      driver_count = ctx.client_count();
      co_return absl::OkStatus();
    }});
  });
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    EXPECT_THAT(builder.RunIteration(seed).violations, IsEmpty());
    const size_t server_count_before = server_count;
    const int driver_count_before = driver_count;
    servers.insert(server_count);
    drivers.insert(driver_count);
    builder.RunIteration(seed);
    EXPECT_EQ(server_count, server_count_before);
    EXPECT_EQ(driver_count, driver_count_before);
  }
  EXPECT_THAT(servers, ElementsAre(3, 4, 5, 6, 7));
  EXPECT_THAT(drivers, ElementsAre(1, 2, 3));
}

TEST(TopologyTest, TagsAreDealtInTurn) {
  std::vector<std::string> zones;
  auto record = [&](SimContext& ctx) -> Task<absl::Status> {
    zones.push_back(absl::StrCat(ctx.my_ip(), " ", ctx.my_tags().at("zone"),
                                 ctx.my_tags().at("role")));
    co_return absl::OkStatus();
  };
  ProcessOptions servers = Servers(5, record);
  servers.tags = {{"zone", {"a", "b", "c"}}, {"role", {"x", "y"}}};
  SimulationBuilder builder;
  builder.Order(ReadyOrder::kFifo).Processes(std::move(servers));
  builder.Workload(
      Driver({.run = [](SimContext& ctx) -> Task<absl::Status> {
        const Topology& topology = ctx.topology();
        EXPECT_THAT(topology.ips_tagged("zone", "b"),
                    ElementsAre("10.0.1.2", "10.0.1.5"));
        EXPECT_THAT(topology.ips_tagged("zone", "d"), IsEmpty());
        EXPECT_THAT(topology.ips_tagged("rack", "a"), IsEmpty());
        EXPECT_THAT(ctx.my_tags(), IsEmpty());
        EXPECT_EQ(ctx.my_ip(), "10.0.0.1");
        EXPECT_EQ(ctx.peer("server-2"), "10.0.1.2");
        EXPECT_EQ(ctx.peer("server-6"), "");
        EXPECT_EQ(ctx.peer("driver"), "10.0.0.1");
        EXPECT_EQ(topology.member("10.0.1.9"), nullptr);
        EXPECT_FALSE(topology.member("10.0.0.1")->is_process);
        co_return absl::OkStatus();
      }}));
  EXPECT_THAT(builder.RunIteration(1).violations, IsEmpty());
  EXPECT_THAT(zones, ElementsAre("10.0.1.1 ax", "10.0.1.2 by", "10.0.1.3 cx",
                                 "10.0.1.4 ay", "10.0.1.5 bx"));
}

TEST(TopologyTest, ClientsAreNumberedWithinTheirEntry) {
  std::set<std::string> clients;
  Steps steps = {.run = [&](SimContext& ctx) -> Task<absl::Status> {
    clients.insert(absl::StrCat(ctx.my_ip(), ": ", ctx.client_id(), " of ",
                                ctx.client_count()));
    co_return absl::OkStatus();
  }};
  SimulationBuilder builder;
  builder.Workload(Driver(steps));
  builder.Workloads(2, [&](int) { return Driver(steps); });
  EXPECT_THAT(builder.RunIteration(1).violations, IsEmpty());
  EXPECT_THAT(clients, ElementsAre("10.0.0.1: 0 of 1", "10.0.0.2: 0 of 2",
                                   "10.0.0.3: 1 of 2"));
}

TEST(TopologyTest, AddressesStayValidInLargeTopologies) {
  std::set<std::string> ips;
  SimulationBuilder builder;
  builder.Processes(Servers(600, [&](SimContext& ctx) -> Task<absl::Status> {
    ips.insert(ctx.my_ip());
    co_return absl::OkStatus();
  }));
  builder.Workloads(300, [&](int) {
    return Driver({.run = [&](SimContext& ctx) -> Task<absl::Status> {
      ips.insert(ctx.my_ip());
      co_return absl::OkStatus();
    }});
  });
  EXPECT_THAT(builder.RunIteration(1).violations, IsEmpty());
  EXPECT_THAT(ips, SizeIs(900));
}

TEST(WorkloadTest, AnInstanceIsReusedAndAFactoryIsNot) {
  int reused = 0;
  std::vector<int> made;
  int alive = 0;
  SimulationBuilder builder;
  builder
      .Workload(Driver({.run = [&, runs = 0](SimContext&) mutable
                            -> Task<absl::Status> {
        reused = ++runs;  // kept in the instance
        co_return absl::OkStatus();
      }}))
      .Workloads(2,
                 [&](int number) {
                   made.push_back(number);
                   ++alive;
                   auto token = std::shared_ptr<int>(
                       &alive, [](int* count) { --*count; });
                   return Driver(
                       {.run = [token](SimContext&) -> Task<absl::Status> {
                         co_return absl::OkStatus();
                       }});
                 })
      .Iterations(3);
  EXPECT_TRUE(builder.Run().ok());
  EXPECT_EQ(reused, 3);
  EXPECT_THAT(made, ElementsAre(0, 1, 0, 1, 0, 1));
  EXPECT_EQ(alive, 0);
}

// ---- Seeds and determinism --------------------------------------------------

SimulationBuilder Busy() {
  SimulationBuilder builder;
  builder.Processes(Servers({2, 4}, Echo))
      .Attrition({.max_dead = 1})
      .Workloads({1, 3}, [](int) {
        return Driver({.run = [](SimContext& ctx) -> Task<absl::Status> {
          for (int i = 0; i < 20; ++i) {
            const std::string ip =
                ctx.random().Pick(ctx.topology().all_process_ips());
            // Whether it succeeds depends on the faults.
            (void)co_await ctx.time().Timeout(absl::Seconds(1), Call(ctx, ip));
            co_await ctx.time().Sleep(ctx.random().Range(
                absl::Milliseconds(10), absl::Milliseconds(900)));
          }
          co_return absl::OkStatus();
        }});
      });
  return builder;
}

TEST(DeterminismTest, SameSeedSameRun) {
  std::set<uint64_t> hashes;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SimulationBuilder builder = Busy();
    const IterationResult first = builder.RunIteration(seed);
    builder.RunIteration(seed + 1);
    const IterationResult again = builder.RunIteration(seed);
    const IterationResult other = Busy().RunIteration(seed);
    EXPECT_THAT(first.violations, IsEmpty());
    for (const IterationResult* result : {&again, &other}) {
      EXPECT_EQ(result->trace_hash, first.trace_hash);
      EXPECT_EQ(result->events, first.events);
      EXPECT_EQ(result->draws, first.draws);
      EXPECT_EQ(result->simulated_ns, first.simulated_ns);
      EXPECT_EQ(result->trace_samples.size(), first.trace_samples.size());
    }
    hashes.insert(first.trace_hash);
  }
  EXPECT_THAT(hashes, SizeIs(20));
}

TEST(DeterminismTest, BreakpointsChangeTheRestOnly) {
  struct Hooks final : IterationHooks {
    void OnWorldReady(World& world) override {
      world.random().SetBreakpoints({{100, seed}});
    }
    uint64_t seed = 0;
  } hooks;
  SimulationBuilder builder = Busy();
  const IterationResult plain = builder.RunIteration(7);
  hooks.seed = 1;
  const IterationResult one = builder.RunIteration(7, &hooks);
  EXPECT_EQ(builder.RunIteration(7, &hooks).trace_hash, one.trace_hash);
  hooks.seed = 2;
  const IterationResult two = builder.RunIteration(7, &hooks);
  EXPECT_NE(one.trace_hash, plain.trace_hash);
  EXPECT_NE(one.trace_hash, two.trace_hash);
  ASSERT_FALSE(one.trace_samples.empty());
  ASSERT_LE(one.trace_samples[0].draws, 100u);
  EXPECT_EQ(one.trace_samples[0].hash, plain.trace_samples[0].hash);
}

TEST(SeedsTest, ExplicitOnesComeFirst) {
  std::vector<uint64_t> seeds;
  SimulationBuilder builder =
      WithRun([&](SimContext& ctx) -> Task<absl::Status> {
        seeds.push_back(SeedOfRun(ctx));
        co_return absl::OkStatus();
      });
  EXPECT_EQ(builder.Run().iterations, 1);
  EXPECT_EQ(builder.Seeds({11, 12}).Run().iterations, 2);
  EXPECT_THAT(seeds, ElementsAre(builder.BaseSeed(1).Seeds({}).SeedOf(0), 11,
                                 12));
  seeds.clear();
  EXPECT_EQ(builder.Seeds({11, 12}).Iterations(4).Run().iterations, 4);
  ASSERT_THAT(seeds, SizeIs(4));
  EXPECT_EQ(seeds[1], 12u);
  EXPECT_EQ(seeds[2], builder.SeedOf(2));
  EXPECT_EQ(builder.Iterations(1).Run().iterations, 1);
  EXPECT_EQ(seeds.back(), 11u);
  EXPECT_NE(builder.BaseSeed(2).SeedOf(2), seeds[2]);
}

TEST(ReportTest, SumsAndCoverageAreOfTheWholeRun) {
  SimulationBuilder builder =
      WithRun([](SimContext& ctx) -> Task<absl::Status> {
        co_await ctx.time().Sleep(absl::Seconds(1));
        ctx.random().Next();
        ASSERT_SOMETIMES(SeedOfRun(ctx) == 2, "the seed is 2 at last");
        ASSERT_SOMETIMES(SeedOfRun(ctx) == 9, "the seed is 9 at last");
        co_return absl::OkStatus();
      });
  for (int round = 0; round < 2; ++round) {  // counts start anew
    const SimulationReport report = builder.Seeds({1, 2, 3}).Run();
    EXPECT_TRUE(report.ok());
    EXPECT_EQ(report.simulated_ns, 3'000'000'000);
    EXPECT_EQ(report.events, 3u);
    EXPECT_EQ(report.draws, 3u);
    EXPECT_THAT(report.misses,
                Contains(HasSubstr("\"the seed is 9 at last\"")));
    EXPECT_THAT(report.misses,
                Not(Contains(HasSubstr("\"the seed is 2 at last\""))));
    for (const AssertionEntry& entry : report.assertions) {
      if (entry.message != "the seed is 2 at last") continue;
      EXPECT_EQ(entry.passes, 1u);
      EXPECT_EQ(entry.fails, 2u);
    }
    EXPECT_THAT(report.ToString(), HasSubstr("3 iterations, 0 failed"));
  }
}

// ---- The example of sim/README.md -------------------------------------------

class Counter final : public Process {
 public:
  absl::string_view name() const override { return "counter"; }
  Task<absl::Status> Run(SimContext& ctx) override {
    CO_ASSIGN_OR_RETURN(auto wal,
                        co_await ctx.storage().Open("wal", {.create = true}));
    while (!ctx.shutdown().is_cancelled()) {
      CO_RETURN_IF_ERROR(co_await wal->Append("x"));
      CO_RETURN_IF_ERROR(co_await wal->Sync());
    }
    co_return absl::OkStatus();
  }
};

TEST(ReadmeTest, TheExampleRuns) {
  SimulationReport report =
      SimulationBuilder()
          .Processes({.count = {3, 5},
                      .factory = [] { return std::make_unique<Counter>(); }})
          .Workload(Driver({.run = Sleeping(absl::Seconds(5))}))
          .Attrition({.max_dead = 1})
          .Iterations(10)
          .Run();
  EXPECT_TRUE(report.ok()) << report.ToString();
}

}  // namespace
}  // namespace moonpool
