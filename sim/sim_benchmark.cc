// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// What the parts of a simulation cost. Items are what the name says: sleeps,
// round trips, draws… Whatever can be is measured through SimulationBuilder,
// as a user's code would run. Goals: tools/goals.json; run: tools/bench.
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "benchmark/benchmark.h"
#include "providers/base/check.h"
#include "providers/base/status_macros.h"
#include "providers/providers.h"
#include "sim/assertions/assertions.h"
#include "sim/core/event_queue.h"
#include "sim/core/rng.h"
#include "sim/core/world.h"
#include "sim/runner/builder.h"

namespace moonpool {
namespace {

void RunOrDie(SimulationBuilder& builder, uint64_t seed) {
  const IterationResult result = builder.RunIteration(seed);
  for (const Violation& violation : result.violations) {
    CHECK(false) << violation.kind << ": " << violation.message << ": "
                 << violation.details;
  }
}

// Runs iterations of the builder, each of which does items_per_run items.
void Measure(benchmark::State& state, SimulationBuilder& builder,
             int64_t items_per_run) {
  builder.RunTimeBudget(absl::InfiniteDuration());
  uint64_t seed = 0;
  for (auto _ : state) RunOrDie(builder, ++seed);
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) *
                          items_per_run);
}

// ---- Time and tasks ---------------------------------------------------------

class Sleepers final : public Workload {
 public:
  Sleepers(int tasks, int sleeps) : tasks_(tasks), sleeps_(sleeps) {}
  absl::string_view name() const override { return "sleepers"; }
  Task<absl::Status> Run(SimContext& ctx) override {
    std::vector<JoinHandle> handles;
    for (int i = 0; i < tasks_; ++i) {
      handles.push_back(ctx.tasks().Spawn(&Sleepers::Sleep, this, &ctx));
    }
    for (JoinHandle& handle : handles) {
      CO_RETURN_IF_ERROR(co_await handle.Join());
    }
    co_return absl::OkStatus();
  }

 private:
  Task<void> Sleep(SimContext* ctx) {
    for (int i = 0; i < sleeps_; ++i) {
      co_await ctx->time().Sleep(ctx->random().Range(absl::Microseconds(1),
                                                     absl::Milliseconds(1)));
    }
  }
  const int tasks_;
  const int sleeps_;
};

// A sleep of a drawn length and the wake-up, with so many tasks.
void BM_SleepWake(benchmark::State& state) {
  const int tasks = static_cast<int>(state.range(0));
  const int sleeps = tasks < 10000 ? 200000 / tasks : 20;
  SimulationBuilder builder;
  builder.Workload(std::make_unique<Sleepers>(tasks, sleeps));
  Measure(state, builder, int64_t{tasks} * sleeps);
}
BENCHMARK(BM_SleepWake)->Arg(1)->Arg(100)->Arg(1000)->Arg(10000)->Arg(100000);

class Spawner final : public Workload {
 public:
  static constexpr int kRounds = 100;
  static constexpr int kTasks = 100;  // at once
  absl::string_view name() const override { return "spawner"; }
  Task<absl::Status> Run(SimContext& ctx) override {
    for (int round = 0; round < kRounds; ++round) {
      for (int i = 0; i < kTasks; ++i) ctx.tasks().Spawn(&Spawner::Nothing);
      co_await ctx.time().Sleep(absl::Nanoseconds(1));
    }
    co_return absl::OkStatus();
  }

 private:
  static Task<void> Nothing() { co_return; }
};

// Spawns a task that is run, in random order, and finishes at once.
void BM_Spawn(benchmark::State& state) {
  SimulationBuilder builder;
  builder.Workload(std::make_unique<Spawner>());
  Measure(state, builder, Spawner::kRounds * Spawner::kTasks);
}
BENCHMARK(BM_Spawn);

struct NoEvent final : TimedEvent {
  void Fire() override {}
};

// Takes the earliest of so many events out of the queue and schedules it anew.
void BM_EventQueue(benchmark::State& state) {
  std::vector<NoEvent> events(static_cast<size_t>(state.range(0)));
  World world(WorldOptions{});
  RandomStream random(&world.random(), "benchmark");
  // Drawn beforehand: the draw is measured elsewhere.
  std::vector<int64_t> delays(4096);
  for (int64_t& delay : delays) delay = random.Range(1000, 1000000);
  EventQueue queue;
  size_t next = 0;
  for (NoEvent& event : events) {
    queue.Schedule(event, delays[next++ % delays.size()]);
  }
  for (auto _ : state) {
    TimedEvent* event = queue.Pop();
    queue.Schedule(*event, event->time_ns() + delays[next++ % delays.size()]);
  }
  while (queue.Pop() != nullptr) {
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()));
}
BENCHMARK(BM_EventQueue)->Arg(1)->Arg(100)->Arg(10000);

// ---- Randomness and assertions ----------------------------------------------

// A draw of an explored stream: counted, checked for a breakpoint, traced.
void BM_Draw(benchmark::State& state) {
  World world(WorldOptions{});
  RandomStream stream(&world.random(), "benchmark");
  world.random().SetBreakpoints({{uint64_t{1} << 62, 1}});
  Random* random = &stream;
  benchmark::DoNotOptimize(random);
  for (auto _ : state) {
    for (int i = 0; i < 100; ++i) benchmark::DoNotOptimize(random->Next());
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * 100);
}
BENCHMARK(BM_Draw);

// 100 sites of each macro, since one alone would stay in the first-level cache.
#define TEN_(M, d)                                                          \
  M(d##0) M(d##1) M(d##2) M(d##3) M(d##4) M(d##5) M(d##6) M(d##7) M(d##8) \
      M(d##9)
#define HUNDRED_(M)                                                        \
  TEN_(M, 1) TEN_(M, 2) TEN_(M, 3) TEN_(M, 4) TEN_(M, 5) TEN_(M, 6)        \
  TEN_(M, 7) TEN_(M, 8) TEN_(M, 9) TEN_(M, 10)

#define ALWAYS_(n) ASSERT_ALWAYS(value < n, "always " #n, {"n", n});
void BM_AssertAlways(benchmark::State& state) {
  volatile int value = 1;  // or 100 sites share one comparison
  for (auto _ : state) {
    HUNDRED_(ALWAYS_)
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * 100);
}
BENCHMARK(BM_AssertAlways);

#define SOMETIMES_(n) ASSERT_SOMETIMES(value < n, "sometimes " #n);
void BM_AssertSometimes(benchmark::State& state) {
  volatile int value = 1;  // or 100 sites share one comparison
  for (auto _ : state) {
    HUNDRED_(SOMETIMES_)
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * 100);
}
BENCHMARK(BM_AssertSometimes);

#define EACH_(n) \
  ASSERT_SOMETIMES_EACH("each " #n, {{"lock", value}, {"depth", n}});
void BM_AssertSometimesEach(benchmark::State& state) {
  volatile int value = 1;  // or 100 sites share one comparison
  for (auto _ : state) {
    HUNDRED_(EACH_)
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * 100);
}
BENCHMARK(BM_AssertSometimesEach);

#define STATE_(n) REPORT_STATE("state " #n, {{"leaders", value}, {"n", n}});
void BM_ReportState(benchmark::State& state) {
  volatile int value = 1;  // or 100 sites share one comparison
  for (auto _ : state) {
    HUNDRED_(STATE_)
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * 100);
}
BENCHMARK(BM_ReportState);

#define BELOW_(n) \
  ASSERT_ALWAYS_LESS_THAN(value, n, "below " #n, {"n", n});
void BM_AssertAlwaysLessThan(benchmark::State& state) {
  volatile int value = 1;  // or 100 sites share one comparison
  for (auto _ : state) {
    HUNDRED_(BELOW_)
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * 100);
}
BENCHMARK(BM_AssertAlwaysLessThan);

// ---- Network and storage ----------------------------------------------------

constexpr size_t kMessageBytes = 64;

class EchoServer final : public Process {
 public:
  absl::string_view name() const override { return "echo"; }
  Task<absl::Status> Run(SimContext& ctx) override {
    CO_ASSIGN_OR_RETURN(auto listener,
                        co_await ctx.network().Bind(ctx.my_ip()));
    CO_ASSIGN_OR_RETURN(Accepted peer, co_await listener->Accept());
    char bytes[kMessageBytes];
    for (;;) {
      CO_ASSIGN_OR_RETURN(size_t size,
                          co_await peer.stream->Read(absl::MakeSpan(bytes)));
      if (size == 0) co_return absl::OkStatus();
      CO_RETURN_IF_ERROR(
          co_await peer.stream->Write(absl::string_view(bytes, size)));
    }
  }
};

class Pinger final : public Workload {
 public:
  explicit Pinger(int round_trips) : round_trips_(round_trips) {}
  absl::string_view name() const override { return "pinger"; }
  Task<absl::Status> Setup(SimContext& ctx) override {
    co_await ctx.time().Sleep(absl::Milliseconds(1));  // until it listens
    CO_ASSIGN_OR_RETURN(
        stream_,
        co_await ctx.network().Connect(
            ctx.topology().all_process_ips()[static_cast<size_t>(
                ctx.client_id())]));
    co_return absl::OkStatus();
  }
  Task<absl::Status> Run(SimContext&) override {
    char bytes[kMessageBytes] = {};
    for (int i = 0; i < round_trips_; ++i) {
      CO_RETURN_IF_ERROR(
          co_await stream_->Write(absl::string_view(bytes, sizeof(bytes))));
      CO_RETURN_IF_ERROR(co_await stream_->ReadFull(absl::MakeSpan(bytes)));
    }
    stream_.reset();
    co_return absl::OkStatus();
  }

 private:
  const int round_trips_;
  std::unique_ptr<Stream> stream_;
};

// A round trip of 64 bytes, with so many pairs of a client and a server.
void BM_PingPong(benchmark::State& state) {
  const int pairs = static_cast<int>(state.range(0));
  const int round_trips = 50000 / pairs;
  SimulationBuilder builder;
  builder
      .Processes({.count = pairs,
                  .factory = [] { return std::make_unique<EchoServer>(); }})
      .Workloads(pairs, [round_trips](int) {
        return std::make_unique<Pinger>(round_trips);
      });
  Measure(state, builder, int64_t{pairs} * round_trips);
}
BENCHMARK(BM_PingPong)->Arg(1)->Arg(100);

class Writer final : public Workload {
 public:
  static constexpr int kRecords = 1000;
  absl::string_view name() const override { return "writer"; }
  Task<absl::Status> Run(SimContext& ctx) override {
    CO_ASSIGN_OR_RETURN(auto file,
                        co_await ctx.storage().Open("wal", {.create = true}));
    const std::string record(100, 'x');
    for (int i = 0; i < kRecords; ++i) {
      CO_RETURN_IF_ERROR(co_await file->Append(record));
      CO_RETURN_IF_ERROR(co_await file->Sync());
    }
    co_return absl::OkStatus();
  }
};

// Appends 100 bytes to a file and syncs it.
void BM_AppendSync(benchmark::State& state) {
  SimulationBuilder builder;
  builder.Workload(std::make_unique<Writer>());
  Measure(state, builder, Writer::kRecords);
}
BENCHMARK(BM_AppendSync);

// ---- Iterations -------------------------------------------------------------

class IdleServer final : public Process {
 public:
  absl::string_view name() const override { return "idle"; }
  Task<absl::Status> Run(SimContext& ctx) override {
    co_await ctx.shutdown().Cancelled();
    co_return absl::OkStatus();
  }
};

// A world with so many processes in which nothing happens, from its making to
// its teardown.
void BM_EmptyIteration(benchmark::State& state) {
  SimulationBuilder builder;
  builder.Processes({.count = static_cast<int>(state.range(0)),
                     .factory = [] { return std::make_unique<IdleServer>(); }});
  Measure(state, builder, 1);
}
BENCHMARK(BM_EmptyIteration)->Arg(0)->Arg(3);

// ---- Simulated time against real time ---------------------------------------

// Beats to every other server each three seconds, and answers beats.
class Heart final : public Process {
 public:
  absl::string_view name() const override { return "heart"; }
  Task<absl::Status> Run(SimContext& ctx) override {
    ctx.tasks().Spawn(&Heart::Listen, &ctx);
    for (const std::string& ip : ctx.topology().all_process_ips()) {
      if (ip != ctx.my_ip()) ctx.tasks().Spawn(&Heart::Beat, &ctx, ip);
    }
    co_await ctx.shutdown().Cancelled();
    co_return absl::OkStatus();
  }

 private:
  static Task<absl::Status> Listen(SimContext* ctx) {
    CO_ASSIGN_OR_RETURN(auto listener,
                        co_await ctx->network().Bind(ctx->my_ip()));
    for (;;) {
      CO_ASSIGN_OR_RETURN(Accepted peer, co_await listener->Accept());
      ctx->tasks().Spawn(&Heart::Answer, std::move(peer.stream));
    }
  }
  static Task<absl::Status> Answer(std::unique_ptr<Stream> stream) {
    char bytes[kMessageBytes];
    for (;;) {
      CO_RETURN_IF_ERROR(co_await stream->ReadFull(absl::MakeSpan(bytes)));
      CO_RETURN_IF_ERROR(
          co_await stream->Write(absl::string_view(bytes, sizeof(bytes))));
    }
  }
  static Task<void> Beat(SimContext* ctx, std::string ip) {
    std::unique_ptr<Stream> stream;
    for (;;) {
      absl::Status status =
          co_await ctx->time().Timeout(absl::Seconds(1), Once(ctx, ip, &stream));
      if (!status.ok()) stream.reset();
      co_await ctx->time().Sleep(
          ctx->random().Range(absl::Seconds(2), absl::Seconds(4)));
    }
  }
  static Task<absl::Status> Once(SimContext* ctx, std::string ip,
                                 std::unique_ptr<Stream>* stream) {
    if (*stream == nullptr) {
      CO_ASSIGN_OR_RETURN(*stream, co_await ctx->network().Connect(ip));
    }
    char bytes[kMessageBytes] = {};
    CO_RETURN_IF_ERROR(
        co_await (*stream)->Write(absl::string_view(bytes, sizeof(bytes))));
    co_return co_await (*stream)->ReadFull(absl::MakeSpan(bytes));
  }
};

class Waiting final : public Workload {
 public:
  static constexpr int kMinutes = 10;
  absl::string_view name() const override { return "waiting"; }
  Task<absl::Status> Run(SimContext& ctx) override {
    co_await ctx.time().Sleep(absl::Minutes(kMinutes));
    co_return absl::OkStatus();
  }
};

// Seconds of an idle cluster of five under all faults: each pair beats in three
// seconds, somebody reboots each minute. Items a second are simulated : real.
// (Clusters at work: //explorer:benchmarks.)
void BM_SimulatedIdle(benchmark::State& state) {
  SimulationBuilder builder;
  builder
      .Processes({.count = 5, .factory = [] { return std::make_unique<Heart>(); }})
      .Workload(std::make_unique<Waiting>())
      .Chaos(ChaosProfile::Swarm())
      .Attrition({.interval_min = absl::Seconds(30),
                  .interval_max = absl::Seconds(90)});
  // The same seeds in every run, whatever its length: they differ in cost.
  constexpr uint64_t kSeeds = 50;
  int64_t simulated_ns = 0;
  for (auto _ : state) {
    for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
      const IterationResult result = builder.RunIteration(seed);
      CHECK(result.violations.empty()) << result.violations[0].message;
      simulated_ns += result.simulated_ns;
    }
  }
  state.SetItemsProcessed(simulated_ns / 1000000000);
}
BENCHMARK(BM_SimulatedIdle);

}  // namespace
}  // namespace moonpool
