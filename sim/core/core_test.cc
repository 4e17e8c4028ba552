// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: a world repeats from its seed, orders its events exactly and leaves
// nothing behind. Method: reference models under random operations (event
// queue, arena), statistical laws with fixed seeds (so that they cannot
// flake), and recipes replayed against the run that made them.
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <deque>
#include <fstream>
#include <limits>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "providers/base/check.h"
#include "providers/coro/ready_queue.h"
#include "providers/coro/task.h"
#include "providers/coro/task_set.h"
#include "providers/coro/wait_list.h"
#include "providers/random.h"
#include "providers/time.h"
#include "sim/core/arena.h"
#include "sim/core/event_queue.h"
#include "sim/core/host.h"
#include "sim/core/rng.h"
#include "sim/core/trace_hash.h"
#include "sim/core/world.h"

namespace moonpool {
namespace {

// Pearson's statistic against the uniform law.
template <typename Counts>
double ChiSquare(const Counts& counts) {
  double total = 0, cells = 0;
  for (double count : counts) total += count, ++cells;
  double sum = 0;
  for (double count : counts) {
    sum += (count - total / cells) * (count - total / cells);
  }
  return sum / (total / cells);
}

void RunAll(World* world) {
  while (world->Turn()) {
  }
}

// --- EventQueue -----------------------------------------------------------

struct Event final : TimedEvent {
  void Fire() override {}
};

TEST(EventQueue, PopsInTimeOrderTiesInSchedulingOrder) {
  std::array<Event, 6> events;
  EventQueue queue;
  const int64_t times[] = {5, 0, 5, 1000000, 0, 5};
  for (size_t i = 0; i < events.size(); ++i) {
    queue.Schedule(events[i], times[i]);
  }
  for (size_t i : {1, 4, 0, 2, 5, 3}) {
    EXPECT_EQ(queue.size() == 6, i == 1);
    EXPECT_EQ(queue.Pop(), &events[i]);
    EXPECT_FALSE(events[i].is_scheduled());
  }
  EXPECT_EQ(queue.Pop(), nullptr);
}

// A delay of any magnitude below 2^bits, with many ties.
int64_t RandomDelay(Random* random, uint64_t bits) {
  switch (random->Below(4)) {
    case 0:
      return random->Below(4);
    case 1:
      return random->Below(300);
    case 2:  // round numbers, as programs have
      return random->Range(0, 20) * 1000000;
    default:
      return random->Next() >> (63 - random->Below(bits));
  }
}

// Random operations against a multimap, which keeps equal keys in insertion
// order. About `crowd` events are pending.
void CompareWithMultimap(uint64_t seed, uint64_t crowd, uint64_t bits) {
  constexpr int64_t kEnd = int64_t{1} << 62;
  TraceHash trace;
  RandomSource source(seed, &trace);
  RandomStream random(&source, "test");
  std::vector<std::unique_ptr<Event>> events;
  EventQueue queue;  // dies before its events
  std::multimap<int64_t, Event*> model;
  std::map<Event*, std::multimap<int64_t, Event*>::iterator> where;
  std::vector<Event*> idle, pending;
  int64_t now = 0;
  auto forget = [&](Event* event) {
    model.erase(where[event]);
    pending.erase(std::find(pending.begin(), pending.end(), event));
    idle.push_back(event);
  };
  for (int step = 0; step < 20000; ++step) {
    const bool grow = random.Below(2 * crowd) >= pending.size();
    if (grow && random.Chance({3, 4})) {
      if (idle.empty()) {
        events.push_back(std::make_unique<Event>());
        idle.push_back(events.back().get());
      }
      Event* event = idle.back();
      idle.pop_back();
      const int64_t delay = RandomDelay(&random, bits);
      // Often the very time of another event.
      const int64_t time =
          !model.empty() && random.Chance({1, 3})
              ? where[random.Pick(pending)]->first
              : std::min(kEnd, delay < kEnd - now ? now + delay : kEnd);
      queue.Schedule(*event, time);
      where[event] = model.emplace(time, event);
      pending.push_back(event);
    } else if (!pending.empty() && random.Chance({1, 4})) {
      Event* event = random.Pick(pending);
      queue.Cancel(*event);
      ASSERT_FALSE(event->is_scheduled());
      forget(event);
    } else {
      TimedEvent* event = queue.Pop();
      if (model.empty()) {
        ASSERT_EQ(event, nullptr);
        continue;
      }
      ASSERT_EQ(event, model.begin()->second) << "step " << step;
      ASSERT_EQ(event->time_ns(), model.begin()->first);
      now = event->time_ns();
      forget(static_cast<Event*>(event));
      if (now == kEnd && model.empty()) return;
    }
    ASSERT_EQ(queue.size(), model.size());
  }
}

TEST(EventQueue, AgreesWithAMultimap) {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    constexpr uint64_t kCrowds[] = {3, 30, 300};
    // The clock ends anywhere between a second and 2^62 ns.
    CompareWithMultimap(seed, kCrowds[seed % 3], 12 + seed % 50);
    if (testing::Test::HasFatalFailure()) return;
  }
}

TEST(EventQueue, LargeGaps) {
  std::array<Event, 130> events;
  EventQueue queue;
  // Around every power of two, from far to near.
  std::vector<std::pair<int64_t, size_t>> expected;
  for (size_t i = 0; i < 124; ++i) {
    const int64_t power = int64_t{1} << (62 - i / 2);
    const int64_t time = i % 2 == 0 ? power : power - 1;
    queue.Schedule(events[i], time);
    expected.emplace_back(time, i);
  }
  queue.Schedule(events[124], std::numeric_limits<int64_t>::max());
  expected.emplace_back(std::numeric_limits<int64_t>::max(), 124);
  std::sort(expected.begin(), expected.end(),
            [](auto a, auto b) { return a.first < b.first; });
  for (auto [time, i] : expected) {
    ASSERT_EQ(queue.Pop(), &events[i]) << time;
    ASSERT_EQ(events[i].time_ns(), time);
  }
  EXPECT_TRUE(queue.empty());
}

// More events than the queue has dealt with at once before, again and again;
// those cancelled in between are from every place of their slots.
TEST(EventQueue, GrowsAndReusesItsPlaces) {
  std::vector<Event> events(5000);
  EventQueue queue;
  int64_t now = 0;
  for (size_t count : {10, 5000, 40, 5000}) {
    for (size_t i = 0; i < count; ++i) {
      queue.Schedule(events[i], now + static_cast<int64_t>(i % 97) * 1000);
    }
    for (size_t i = 0; i < count; i += 3) queue.Cancel(events[i]);
    ASSERT_EQ(queue.size(), count - (count + 2) / 3);
    std::vector<std::pair<int64_t, const Event*>> popped;
    while (TimedEvent* event = queue.Pop()) {
      popped.emplace_back(event->time_ns(), static_cast<Event*>(event));
    }
    ASSERT_EQ(popped.size(), count - (count + 2) / 3);
    // Equal times in scheduling order, which is that of the addresses here.
    EXPECT_TRUE(std::is_sorted(popped.begin(), popped.end()));
    now = popped.back().first;
  }
}

TEST(EventQueue, LeavesItsEventsUnscheduled) {
  Event a, b;
  {
    EventQueue queue;
    queue.Schedule(a, 1);
    queue.Schedule(b, int64_t{1} << 40);
  }
  EXPECT_FALSE(a.is_scheduled());
  EXPECT_FALSE(b.is_scheduled());
}

TEST(EventQueueDeathTest, Misuse) {
  Event a, b;
  EventQueue queue;
  queue.Schedule(a, 10);
  EXPECT_DEATH(queue.Schedule(a, 11), "only once");
  EXPECT_DEATH(queue.Cancel(b), "is_scheduled");
  queue.Pop();
  EXPECT_DEATH(queue.Schedule(b, 9), "past");
  EXPECT_DEATH(queue.Schedule(b, -1), "past");
}

// --- Randomness -----------------------------------------------------------

std::vector<uint64_t> Take(Random* random, size_t count) {
  std::vector<uint64_t> values;
  for (size_t i = 0; i < count; ++i) values.push_back(random->Next());
  return values;
}

struct Streams {
  explicit Streams(uint64_t seed, std::vector<Breakpoint> breakpoints = {})
      : source(seed, &trace) {
    source.SetBreakpoints(std::move(breakpoints));
  }
  TraceHash trace;
  RandomSource source;
  RandomStream a{&source, "a"};
  RandomStream b{&source, "b"};
  RandomStream b2{&source, "b", 2};
  RandomStream fixed{&source, "fixed", 0, RandomStream::Kind::kFixed};
};

TEST(Rng, SameSeedSameValues) {
  Streams x(1), y(1), z(2);
  const auto values = Take(&x.a, 100);
  EXPECT_EQ(values, Take(&y.a, 100));
  EXPECT_NE(values, Take(&z.a, 100));
  const auto configuration = Take(&x.fixed, 9);
  EXPECT_EQ(configuration, Take(&y.fixed, 9));
  EXPECT_NE(configuration, Take(&z.fixed, 9));
  EXPECT_EQ(x.trace.value(), y.trace.value());
  EXPECT_NE(x.trace.value(), z.trace.value());
}

TEST(Rng, StreamsAreIndependent) {
  Streams x(1), y(1);
  Take(&y.a, 1);  // one draw more in one stream
  Take(&y.fixed, 1);
  RandomStream unused(&y.source, "c");
  EXPECT_EQ(Take(&x.b, 50), Take(&y.b, 50));
  EXPECT_EQ(Take(&x.b2, 50), Take(&y.b2, 50));
  // Names and entities give different streams.
  Streams z(1);
  const auto a = Take(&z.a, 4), b = Take(&z.b, 4), b2 = Take(&z.b2, 4);
  EXPECT_NE(a, b);
  EXPECT_NE(b, b2);
  EXPECT_NE(a, Take(&z.fixed, 4));
}

TEST(Rng, CountsDrawsOfExploredStreamsOnly) {
  Streams x(1);
  Take(&x.a, 3);
  Take(&x.b, 2);
  Take(&x.fixed, 7);
  EXPECT_EQ(x.source.draws(), 5u);
  EXPECT_EQ(x.source.segment_draws(), 5u);
  x.source.Reseed(9);
  Take(&x.a, 2);
  EXPECT_EQ(x.source.draws(), 7u);
  EXPECT_EQ(x.source.segment_draws(), 2u);
  EXPECT_EQ(x.source.root_seed(), 1u);
}

TEST(Rng, BreakpointsMayBeForSomeKindsOfStreamsOnly) {
  struct Kinds : Streams {
    using Streams::Streams;
    RandomStream network{&source, "network", 0, StreamKind::kNetwork};
    RandomStream faults{&source, "faults", 0, StreamKind::kFaults};
    std::array<std::vector<uint64_t>, 4> TakeInTurns() {
      std::array<std::vector<uint64_t>, 4> taken;
      for (int i = 0; i < 6; ++i) {
        taken[0].push_back(a.Next());
        taken[1].push_back(network.Next());
        taken[2].push_back(faults.Next());
        taken[3].push_back(fixed.Next());
      }
      return taken;
    }
  };
  // Nine draws are three rounds.
  const StreamKinds chosen = KindBit(StreamKind::kFaults);
  Kinds plain(1);
  Kinds faults_only(1, {{9, 7, chosen}});
  Kinds all(1, {{9, 7}});
  EXPECT_EQ(plain.source.drawn_kinds(), 0);
  const auto before = plain.TakeInTurns();
  EXPECT_EQ(plain.source.drawn_kinds(), chosen | KindBit(StreamKind::kNetwork) |
                                            KindBit(StreamKind::kWorkload));
  const auto scoped = faults_only.TakeInTurns();
  const auto after = all.TakeInTurns();
  EXPECT_EQ(scoped[0], before[0]);
  EXPECT_EQ(scoped[1], before[1]);
  EXPECT_EQ(scoped[2], after[2]);
  EXPECT_NE(scoped[2], before[2]);
  EXPECT_NE(after[1], before[1]);
  EXPECT_EQ(scoped[3], before[3]);
  EXPECT_EQ(after[3], before[3]);

  // A later breakpoint for all leaves nothing of the earlier ones; a stream
  // that draws for the first time has its kind's seed.
  Kinds both(1, {{9, 7, chosen}, {3, 8}});
  Kinds late(1, {{12, 8}});
  const auto x = both.TakeInTurns();
  const auto y = late.TakeInTurns();
  for (int i : {0, 1, 2}) {
    EXPECT_TRUE(std::equal(x[i].begin() + 4, x[i].end(), y[i].begin() + 4));
  }
  RandomStream new_here(&faults_only.source, "new", 0, StreamKind::kFaults);
  RandomStream new_there(&all.source, "new", 0, StreamKind::kFaults);
  EXPECT_EQ(new_here.Next(), new_there.Next());
}

TEST(Rng, EachCallIsOneDraw) {
  Streams x(1);
  x.a.Below(1);
  x.a.Range(int64_t{5}, int64_t{5});
  x.a.Range(absl::Seconds(1), absl::Seconds(2));
  x.a.Chance({0, 1});
  x.a.Weighted({1, 2, 3});
  x.a.Unit();
  x.a.Pick(std::vector<int>{1});
  EXPECT_EQ(x.source.draws(), 7u);
}

TEST(Rng, BreakpointsApplyAtTheirCounts) {
  // 5@A -> 0@B -> 3@C: A rules no draw at all.
  Streams replay(1, {{5, 0xA}, {0, 0xB}, {3, 0xC}});
  EXPECT_TRUE(replay.source.has_pending_breakpoints());
  Streams root(1);
  EXPECT_EQ(Take(&replay.a, 5), Take(&root.a, 5));
  Streams branch(0xB);  // a segment starts its streams afresh
  EXPECT_EQ(Take(&replay.a, 2), Take(&branch.a, 2));
  EXPECT_EQ(Take(&replay.b, 1), Take(&branch.b, 1));
  Streams last(0xC);
  EXPECT_EQ(Take(&replay.b, 9), Take(&last.b, 9));
  EXPECT_EQ(Take(&replay.a, 9), Take(&last.a, 9));
  EXPECT_FALSE(replay.source.has_pending_breakpoints());
  EXPECT_EQ(replay.source.segment_draws(), 18u);
  EXPECT_EQ(replay.source.draws(), 26u);
  // Configuration does not branch.
  Streams again(1);
  EXPECT_EQ(Take(&replay.fixed, 9), Take(&again.fixed, 9));
}

TEST(Rng, ReseedEqualsItsReplay) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Streams plan(seed ^ 0x5555);  // decides how this case looks
    Streams live(seed);
    std::vector<uint64_t> values;
    std::vector<Breakpoint> recipe;
    std::vector<int> which;
    auto draw = [](Streams* s, int stream) {
      return stream == 0   ? s->a.Next()
             : stream == 1 ? s->b.Next()
             : stream == 2 ? s->b2.Next()
                           : s->fixed.Next();
    };
    const uint64_t segments = plan.a.Below(5);
    for (uint64_t segment = 0; segment <= segments; ++segment) {
      for (uint64_t i = plan.a.Below(6); i > 0; --i) {
        which.push_back(plan.a.Below(4));
        values.push_back(draw(&live, which.back()));
      }
      if (segment == segments) break;
      const uint64_t reseed = plan.a.Next();
      recipe.push_back({live.source.segment_draws(), reseed});
      live.source.Reseed(reseed);
    }
    Streams replay(seed, recipe);
    for (size_t i = 0; i < which.size(); ++i) {
      ASSERT_EQ(draw(&replay, which[i]), values[i]) << seed << ": draw " << i;
    }
    ASSERT_EQ(replay.trace.value(), live.trace.value());
  }
}

TEST(Rng, RecipeWithinASegmentCountsFromItsStart) {
  Streams x(1);
  Take(&x.a, 3);
  x.source.SetBreakpoints({{5, 0xA}});
  Take(&x.a, 2);
  Streams branch(0xA);
  EXPECT_EQ(Take(&x.a, 4), Take(&branch.a, 4));
}

// Sets the breakpoint that is due at each number where it is told.
class BranchingWatcher final : public DrawWatcher {
 public:
  explicit BranchingWatcher(RandomSource* source) : source_(source) {}
  uint64_t OnDraws(uint64_t draws) override {
    told.push_back(draws);
    if (draws == 5) source_->SetBreakpoints({{source_->segment_draws(), 0xA}});
    return draws < 7 ? draws + 2 : kNever;
  }
  std::vector<uint64_t> told;

 private:
  RandomSource* source_;
};

TEST(Rng, AWatcherIsToldBeforeTheDrawAndMayBranchThere) {
  Streams plain(1, {{2, 0xB}, {3, 0xA}});
  Streams watched(1, {{2, 0xB}});
  BranchingWatcher watcher(&watched.source);
  watched.source.Watch(&watcher, 1);
  EXPECT_EQ(watched.source.pending_breakpoints(), 1u);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(watched.a.Next(), plain.a.Next()) << i;
    EXPECT_EQ(watched.b.Next(), plain.b.Next()) << i;
  }
  EXPECT_EQ(watcher.told, (std::vector<uint64_t>{1, 3, 5, 7}));
  EXPECT_EQ(watched.source.pending_breakpoints(), 0u);
}

TEST(RngDeathTest, Misuse) {
  Streams x(1, {{5, 0xA}});
  EXPECT_DEATH(x.source.SetBreakpoints({}), "already");
  EXPECT_DEATH(x.source.Reseed(1), "inside a replay");
  Streams y(1);
  Take(&y.a, 3);
  y.source.SetBreakpoints({{2, 0xA}});
  EXPECT_DEATH(y.a.Next(), "past");
}

TEST(Rng, IsUniform) {
  Streams x(2026);
  for (RandomStream* stream : {&x.a, &x.b2, &x.fixed}) {
    std::array<int, 10> tens = {};
    std::array<int, 256> low_bytes = {}, high_bytes = {};
    for (int i = 0; i < 256000; ++i) {
      const uint64_t value = stream->Next();
      ++low_bytes[value & 255];
      ++high_bytes[value >> 56];
      ++tens[stream->Below(10)];
    }
    EXPECT_LT(ChiSquare(tens), 33.7);        // 9 degrees, p = 0.0001
    EXPECT_LT(ChiSquare(low_bytes), 347.7);  // 255 degrees, p = 0.0001
    EXPECT_LT(ChiSquare(high_bytes), 347.7);
  }
  // First draws over entities, as fresh streams are common.
  std::array<int, 10> first = {};
  for (uint64_t entity = 0; entity < 20000; ++entity) {
    ++first[RandomStream(&x.source, "entity", entity).Below(10)];
  }
  EXPECT_LT(ChiSquare(first), 33.7);
}

// --- World: order, time, trace --------------------------------------------

// In which order three ready tasks run.
std::string OrderOf(uint64_t seed, ReadyOrder order) {
  World world(WorldOptions{.seed = seed, .ready_order = order});
  TaskSet tasks;
  std::string log;
  for (char c : {'a', 'b', 'c'}) {
    tasks.Spawn([&log, c]() -> Task<void> {
      log.push_back(c);
      co_return;
    });
  }
  RunAll(&world);
  return log;
}

TEST(World, EveryOrderOfReadyTasksIsEquallyLikely) {
  std::map<std::string, int> seen;
  for (uint64_t seed = 0; seed < 6000; ++seed) {
    ++seen[OrderOf(seed, ReadyOrder::kRandom)];
  }
  EXPECT_EQ(seen.size(), 6u);
  std::vector<int> counts;
  for (const auto& [order, count] : seen) counts.push_back(count);
  EXPECT_LT(ChiSquare(counts), 25.7);  // 5 degrees, p = 0.0001
}

TEST(World, FifoKeepsTheOrderOfWakeUps) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    EXPECT_EQ(OrderOf(seed, ReadyOrder::kFifo), "abc");
  }
}

TEST(World, BusyLoopIsDetected) {
  World world(WorldOptions{.max_resumptions_per_turn = 1000});
  TaskSet tasks;
  int loops = 0;
  tasks.Spawn([&]() -> Task<void> {
    for (;;) {
      ++loops;
      co_await Yield();
    }
  });
  EXPECT_FALSE(world.is_runaway());
  EXPECT_TRUE(world.Turn());
  EXPECT_TRUE(world.is_runaway());
  EXPECT_EQ(loops, 1000);
}

TEST(World, SleepsEndInOrderAndTimeIsExact) {
  World world(WorldOptions{});
  SimTime time(&world);
  TaskSet tasks;
  std::vector<int> log;
  EXPECT_EQ(World::Current(), &world);
  for (int ms : {30, 10, 20, 0, -5}) {
    tasks.Spawn([&, ms]() -> Task<void> {
      co_await time.Sleep(absl::Milliseconds(ms));
      EXPECT_EQ(time.Now(), absl::Milliseconds(std::max(ms, 0)));
      log.push_back(ms);
    });
  }
  RunAll(&world);
  ASSERT_EQ(log.size(), 5u);
  EXPECT_EQ(log[0] + log[1], -5);
  EXPECT_EQ(std::vector<int>(log.begin() + 2, log.end()),
            (std::vector<int>{10, 20, 30}));
  EXPECT_EQ(world.events(), 5u);
  EXPECT_EQ(time.WallNow(), absl::FromCivil(absl::CivilSecond(2026, 1, 1),
                                            absl::UTCTimeZone()) +
                                absl::Milliseconds(30));
}

TEST(World, NestsAndRestoresTheCurrentOne) {
  EXPECT_EQ(World::Current(), nullptr);
  World outer(WorldOptions{});
  {
    World inner(WorldOptions{});
    EXPECT_EQ(World::Current(), &inner);
  }
  EXPECT_EQ(World::Current(), &outer);
}

TEST(World, EndlessSleepDoesNotOverflow) {
  World world(WorldOptions{});
  SimTime time(&world);
  TaskSet tasks;
  tasks.Spawn([&]() -> Task<void> {
    co_await time.Sleep(absl::Hours(1));
    co_await time.Sleep(absl::InfiniteDuration());
  });
  EXPECT_TRUE(world.Turn());
  EXPECT_TRUE(world.Turn());
  EXPECT_EQ(world.now_ns(), std::numeric_limits<int64_t>::max());
}

// --- Timeout --------------------------------------------------------------

Task<absl::Status> SleepFor(Time* time, absl::Duration delay) {
  co_await time->Sleep(delay);
  co_return absl::OkStatus();
}
Task<absl::StatusOr<std::string>> Late(Time* time, absl::Duration delay) {
  co_await time->Sleep(delay);
  co_return "late";
}
Task<absl::Status> AtOnce() { co_return absl::OkStatus(); }

TEST(Timeout, GivesTheResultOrDeadlineExceeded) {
  World world(WorldOptions{});
  SimTime time(&world);
  TaskSet tasks;
  tasks.Spawn([&]() -> Task<void> {
    const size_t frames = LiveFrames();
    auto text = co_await time.Timeout(absl::Milliseconds(2),
                                      Late(&time, absl::Milliseconds(1)));
    EXPECT_EQ(*text, "late");
    EXPECT_EQ(time.Now(), absl::Milliseconds(1));
    text = co_await time.Timeout(absl::Milliseconds(2),
                                 Late(&time, absl::Milliseconds(3)));
    EXPECT_TRUE(absl::IsDeadlineExceeded(text.status()));
    EXPECT_EQ(time.Now(), absl::Milliseconds(3));
    EXPECT_EQ(LiveFrames(), frames);  // the late task is gone
    EXPECT_EQ(world.pending_events(), 0u);
    EXPECT_EQ(co_await time.Timeout(absl::ZeroDuration(), AtOnce()),
              absl::OkStatus());
    EXPECT_EQ(time.Now(), absl::Milliseconds(3));
  });
  RunAll(&world);
  EXPECT_TRUE(tasks.empty());
}

TEST(Timeout, ATieCountsAsInTime) {
  int in_time = 0;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    World world(WorldOptions{.seed = seed});
    SimTime time(&world);
    TaskSet tasks;
    WaitList list;
    std::array<absl::Status, 2> status;
    status.fill(absl::UnknownError("not done"));
    auto wait = [](WaitList* l) -> Task<absl::Status> {
      co_await l->Wait();
      co_return absl::OkStatus();
    };
    tasks.Spawn([&]() -> Task<void> {
      status[0] = co_await time.Timeout(absl::Seconds(1), wait(&list));
    });
    tasks.Spawn([&]() -> Task<void> {
      co_await time.Sleep(absl::Seconds(1));
      list.WakeAll();
    });
    tasks.Spawn([&]() -> Task<void> {
      status[1] = co_await time.Timeout(absl::Seconds(1),
                                        SleepFor(&time, absl::Seconds(1)));
    });
    RunAll(&world);
    EXPECT_EQ(world.now(), absl::Seconds(1));
    EXPECT_EQ(world.pending_events(), 0u);
    // Woken by somebody else at that nanosecond: as the two were scheduled.
    in_time += status[0].ok();
    EXPECT_TRUE(status[0].ok() || absl::IsDeadlineExceeded(status[0]));
    EXPECT_EQ(status[1], absl::OkStatus());  // its own sleep comes first
  }
  EXPECT_GT(in_time, 20);
  EXPECT_LT(in_time, 80);
}

TEST(Timeout, CancelledTimersLeaveNothing) {
  World world(WorldOptions{});
  SimTime time(&world);
  TaskSet tasks;
  tasks.Spawn([&]() -> Task<void> {
    for (int i = 0; i < 1000; ++i) {
      EXPECT_EQ(co_await time.Timeout(absl::Hours(1),
                                      SleepFor(&time, absl::Nanoseconds(5))),
                absl::OkStatus());
    }
  });
  RunAll(&world);
  EXPECT_EQ(world.now(), absl::Microseconds(5));
  EXPECT_EQ(world.pending_events(), 0u);
  EXPECT_EQ(world.events(), 1000u);
}

TEST(Timeout, DestroyedAtEverySuspensionLeavesNothing) {
  bool finished = false;
  for (int k = 0; !finished; ++k) {
    ASSERT_LT(k, 200);
    World world(WorldOptions{});
    SimTime time(&world);
    {
      TaskSet tasks;
      tasks.Spawn([&]() -> Task<void> {
        auto nested = [&](absl::Duration delay) -> Task<absl::Status> {
          co_return co_await time.Timeout(delay,
                                          SleepFor(&time, absl::Seconds(2)));
        };
        for (int outer = 0; outer < 4; ++outer) {
          for (int inner = 0; inner < 4; ++inner) {
            (void)co_await time.Timeout(absl::Seconds(outer),
                                        nested(absl::Seconds(inner)));
          }
        }
      });
      for (int i = 0; i < k; ++i) {
        // Half turns, so that woken tasks are destroyed too.
        if (!world.ready().empty()) {
          world.ready().RunAt(0);
        } else {
          world.Turn();
        }
      }
      finished = tasks.empty();
      World::TeardownScope teardown(&world);
      tasks.Clear();
    }
    EXPECT_EQ(LiveFrames(), 0u);
    EXPECT_EQ(world.pending_events(), 0u);
    EXPECT_TRUE(world.ready().empty());
  }
}

TEST(TimeoutDeathTest, NothingDrawsOrSchedulesInTeardown) {
  World world(WorldOptions{});
  RandomStream random(&world.random(), "test");
  Event event;
  {
    World::TeardownScope teardown(&world);
    World::TeardownScope nested(&world);
    EXPECT_TRUE(world.in_teardown());
    EXPECT_DEATH(random.Next(), "must not draw");
    EXPECT_DEATH(world.Schedule(event, 1), "must not start");
    { World::TeardownScope third(&world); }
    EXPECT_DEATH(random.Next(), "must not draw");
  }
  EXPECT_FALSE(world.in_teardown());
  random.Next();
}

// --- Trace ----------------------------------------------------------------

// A small busy program: sleeping, time-outs, drawing, waking.
struct BusyRun {
  explicit BusyRun(uint64_t seed, int length, bool extra = false)
      : world(WorldOptions{.seed = seed}), time(&world) {
    for (int i = 0; i < 5; ++i) {
      tasks.Spawn([this, i, length]() -> Task<void> {
        RandomStream random(&world.random(), "busy", i);
        for (int j = 0; j < length; ++j) {
          co_await time.Sleep(
              random.Range(absl::ZeroDuration(), absl::Microseconds(3)));
          list.WakeOne();
          (void)co_await time.Timeout(
              absl::Nanoseconds(random.Below(50)),
              SleepFor(&time, absl::Nanoseconds(random.Below(50))));
        }
      });
    }
    RunAll(&world);
    if (extra) world.Trace(TraceKind::kDisk, 1, 2);
  }
  World world;
  SimTime time;
  WaitList list;
  TaskSet tasks;
};

TEST(Trace, SameSeedSameTrace) {
  const BusyRun a(1, 50), b(1, 50), c(2, 50), d(1, 51), e(1, 50, true);
  auto trace = [](const BusyRun& run) {
    return const_cast<BusyRun&>(run).world.trace().value();
  };
  EXPECT_EQ(trace(a), trace(b));
  EXPECT_NE(trace(a), trace(c));
  EXPECT_NE(trace(a), trace(d));
  EXPECT_NE(trace(a), trace(e));
}

TEST(Trace, SamplesAreFewSpreadAndRepeat) {
  for (int length : {1, 10, 100, 1000, 5000}) {
    BusyRun a(7, length), b(7, length);
    const TraceHash& x = a.world.trace();
    const TraceHash& y = b.world.trace();
    ASSERT_LE(x.sample_count(), TraceHash::kMaxSamples);
    ASSERT_EQ(x.sample_count(), y.sample_count());
    const uint64_t events = a.world.events();
    if (events > 100 * TraceHash::kMaxSamples) {
      EXPECT_GE(x.sample_count(), TraceHash::kMaxSamples / 2);
    }
    uint64_t last = 0;
    for (size_t i = 0; i < x.sample_count(); ++i) {
      EXPECT_EQ(x.samples()[i].events, y.samples()[i].events);
      EXPECT_EQ(x.samples()[i].draws, y.samples()[i].draws);
      EXPECT_EQ(x.samples()[i].hash, y.samples()[i].hash);
      EXPECT_GT(x.samples()[i].events, last);
      // No gap is much longer than its fair share.
      EXPECT_LE(x.samples()[i].events - last, 16 + events / 16);
      last = x.samples()[i].events;
    }
  }
}

// Sleeps a microsecond at a time, so that each event is one turn.
struct SteadyRun {
  // every: 0 for no watcher.
  SteadyRun(uint64_t every, TraceListener* listener)
      : world(WorldOptions{}), time(&world) {
    watcher.run = this;
    if (listener != nullptr) world.trace().set_listener(listener);
    if (every > 0) world.WatchBoundaries(&watcher, every);
    tasks.Spawn([this]() -> Task<void> {
      for (int i = 0; i < 100; ++i) {
        co_await time.Sleep(absl::Microseconds(1));
        ++steps;
      }
    });
    RunAll(&world);
  }
  struct Watcher final : BoundaryWatcher {
    void OnBoundary() override {
      EXPECT_TRUE(run->world.ready().empty());
      EXPECT_EQ(run->steps + 1, run->world.events());
      at.push_back(run->world.events());
    }
    SteadyRun* run = nullptr;
    std::vector<uint64_t> at;
  } watcher;
  World world;
  SimTime time;
  uint64_t steps = 0;
  TaskSet tasks;
};

TEST(World, BoundariesAreWatchedEverySoManyEvents) {
  struct Deaf final : TraceListener {
    void OnWord(const Word&) override {}
  } deaf;
  const SteadyRun plain(0, nullptr);
  EXPECT_TRUE(plain.watcher.at.empty());
  for (TraceListener* listener : {static_cast<TraceListener*>(nullptr),
                                  static_cast<TraceListener*>(&deaf)}) {
    for (const uint64_t every : {1, 7, 64, 1000}) {
      const SteadyRun run(every, listener);
      std::vector<uint64_t> expected;
      for (uint64_t n = every; n <= 100; n += every) expected.push_back(n);
      EXPECT_EQ(run.watcher.at, expected) << every;
      // Whoever watches changes nothing.
      const TraceHash& trace = const_cast<SteadyRun&>(run).world.trace();
      const TraceHash& other = const_cast<SteadyRun&>(plain).world.trace();
      EXPECT_EQ(trace.value(), other.value());
      EXPECT_EQ(trace.sample_count(), other.sample_count());
    }
  }
}

TEST(Trace, OrderMatters) {
  TraceHash a, b;
  a.Add(1), a.Add(2);
  b.Add(2), b.Add(1);
  EXPECT_NE(a.value(), b.value());
}

TEST(Trace, DrawsCountWhereTheyAre) {
  constexpr uint64_t kA = 0x9E3779B97F4A7C15, kB = 0xD1B54A32D192ED03;
  TraceHash ab, ba, a_word_b, word_ab, none;
  ab.AddDraw(kA, 0), ab.AddDraw(kB, 1), ab.Add(7);
  ba.AddDraw(kB, 0), ba.AddDraw(kA, 1), ba.Add(7);
  a_word_b.AddDraw(kA, 0), a_word_b.Add(7), a_word_b.AddDraw(kB, 1);
  word_ab.Add(7), word_ab.AddDraw(kA, 0), word_ab.AddDraw(kB, 1);
  none.Add(7);
  const std::set<uint64_t> values = {ab.value(), ba.value(), a_word_b.value(),
                                     word_ab.value(), none.value()};
  EXPECT_EQ(values.size(), 5u);
}

// --- Arena ----------------------------------------------------------------

bool InArena(const void* block) {
  const auto at = reinterpret_cast<uintptr_t>(block);
  return at >= Arena::kBase && at < Arena::kBase + Arena::kMaxBytes;
}

// operator new by name, so that the compiler does not drop the pair.
char* New(size_t size) { return static_cast<char*>(::operator new(size)); }

TEST(Arena, ServesItsScopeOnly) {
  if (!Arena::IsEnabled()) GTEST_SKIP() << "off under sanitizers";
  char* before = New(100);
  char *inside, *nested;
  {
    Arena::Scope scope;
    inside = New(100);
    {
      Arena::OutsideScope outside;
      nested = New(100);
    }
    ::operator delete(before);  // either kind, from either place
    before = New(100);
  }
  char* after = New(100);
  EXPECT_TRUE(InArena(inside));
  EXPECT_TRUE(InArena(before));
  EXPECT_FALSE(InArena(nested));
  EXPECT_FALSE(InArena(after));
  EXPECT_GE(Arena::BytesInUse(), 200u);
  for (char* block : {before, inside, nested, after}) ::operator delete(block);
  EXPECT_EQ(Arena::BytesInUse(), 0u);
}

TEST(Arena, AddressesRepeatAfterEverythingWasFreed) {
  if (!Arena::IsEnabled()) GTEST_SKIP() << "off under sanitizers";
  auto iteration = [](uint64_t seed) {
    TraceHash trace;
    RandomSource source(seed, &trace);
    RandomStream random(&source, "test");
    std::vector<char*> addresses(500), live(500);
    Arena::Scope scope;
    for (size_t i = 0; i < addresses.size(); ++i) {
      addresses[i] = live[i] = New(random.Below(3000));
      if (random.Chance({1, 2})) {
        char*& victim = live[random.Below(i + 1)];
        ::operator delete(std::exchange(victim, nullptr));
      }
    }
    EXPECT_GT(Arena::HighWater(), 100000u);
    EXPECT_LT(Arena::HighWater(), 10000000u);
    for (char* block : live) ::operator delete(block);
    return addresses;
  };
  const auto first = iteration(1);
  iteration(2);
  EXPECT_EQ(first, iteration(1));
}

TEST(Arena, BlocksKeepTheirContents) {
  TraceHash trace;
  RandomSource source(3, &trace);
  RandomStream random(&source, "test");
  struct Block {
    char* at;
    size_t size;
    char fill;
  };
  std::vector<Block> blocks;
  blocks.reserve(2000);
  auto check_and_free = [&](size_t i) {
    std::swap(blocks[i], blocks.back());
    const Block b = blocks.back();
    blocks.pop_back();
    for (size_t j = 0; j < b.size; ++j) ASSERT_EQ(b.at[j], b.fill);
    ::operator delete(b.at);
  };
  {
    Arena::Scope scope;
    for (int i = 0; i < 5000; ++i) {
      if (blocks.empty() || random.Chance({3, 5})) {
        // Small ones, page-size borders, and now and then up to 10 MB.
        const size_t size = random.Chance({1, 200})  ? random.Below(10000000)
                            : random.Chance({1, 4})  ? 4096 * random.Below(4)
                            : random.Chance({1, 10}) ? 1020 + random.Below(9)
                                                     : random.Below(2000);
        const Block b = {New(size), size, static_cast<char>(i)};
        ASSERT_EQ(reinterpret_cast<uintptr_t>(b.at) % 16, 0u);
        std::memset(b.at, b.fill, size);
        blocks.push_back(b);
      } else {
        check_and_free(random.Below(blocks.size()));
      }
    }
  }
  while (!blocks.empty()) check_and_free(0);  // from outside the scope
  if (Arena::IsEnabled()) EXPECT_EQ(Arena::BytesInUse(), 0u);
}

// Blocks to fill the arena with; freed when it ends.
class Blocks {
 public:
  void Add(size_t size) {
    Arena::Scope scope;
    blocks_.push_back(::operator new(size));
    std::memset(blocks_.back(), 1, size);
  }
  ~Blocks() {
    for (void* block : blocks_) ::operator delete(block);
  }

 private:
  std::deque<void*> blocks_;
};

TEST(Arena, ASmallWorldTakesFewPages) {
  if (!Arena::IsEnabled()) GTEST_SKIP() << "off under sanitizers";
  ASSERT_EQ(Arena::BytesInUse(), 0u);
  Blocks blocks;
  for (size_t size = 16; size <= 512; size += 16) blocks.Add(size);
  // 8,448 bytes in 32 sizes.
  EXPECT_LE(Arena::HighWater(), 10 * 4096u);
}

// In the mapping that the arena begins; of the field's kilobytes.
size_t SmapsKilobytes(absl::string_view field) {
  std::ifstream smaps("/proc/self/smaps");
  const std::string begin = absl::StrCat(absl::Hex(Arena::kBase), "-");
  bool is_arena = false;
  for (std::string line; std::getline(smaps, line);) {
    if (absl::StartsWith(line, begin)) is_arena = true;
    size_t kilobytes = 0;
    if (is_arena && absl::StartsWith(line, field)) {
      CHECK_EQ(std::sscanf(line.c_str() + field.size(), "%zu", &kilobytes), 1);
      return kilobytes;
    }
  }
  return 0;
}

bool KernelHasHugePages() {
  constexpr size_t kHuge = size_t{2} << 20;
  void* at = mmap(nullptr, 2 * kHuge, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(at != MAP_FAILED);
  std::memset(at, 1, 2 * kHuge);
  const auto aligned = (reinterpret_cast<uintptr_t>(at) + kHuge - 1) & -kHuge;
  const bool has = madvise(reinterpret_cast<void*>(aligned), kHuge,
                           25 /* MADV_COLLAPSE */) == 0;
  munmap(at, 2 * kHuge);
  return has;
}

TEST(Arena, ALargeWorldConsistsOfHugePages) {
  if (!Arena::IsEnabled()) GTEST_SKIP() << "off under sanitizers";
  if (!KernelHasHugePages()) GTEST_SKIP() << "none here";
  Blocks blocks;
  for (int i = 0; i < 16 << 10; ++i) blocks.Add(1024);
  EXPECT_GE(SmapsKilobytes("AnonHugePages:"), size_t{14} << 10);
}

TEST(Arena, RespectsAlignment) {
  struct alignas(64) Line {
    char bytes[64];
  };
  struct alignas(4096) Page {
    char bytes[4096];
  };
  for (bool inside : {false, true}) {
    std::unique_ptr<Arena::Scope> scope;
    if (inside) scope = std::make_unique<Arena::Scope>();
    for (int i = 0; i < 20; ++i) {
      auto line = std::make_unique<Line>();
      auto page = std::make_unique<Page[]>(i % 3 + 1);
      EXPECT_EQ(reinterpret_cast<uintptr_t>(line.get()) % 64, 0u);
      EXPECT_EQ(reinterpret_cast<uintptr_t>(page.get()) % 4096, 0u);
    }
  }
  if (Arena::IsEnabled()) EXPECT_EQ(Arena::BytesInUse(), 0u);
}

TEST(Arena, AWorldFitsIn) {
  if (!Arena::IsEnabled()) GTEST_SKIP() << "off under sanitizers";
  uint64_t traces[2];
  for (uint64_t& trace : traces) {
    Arena::Scope scope;
    auto run = std::make_unique<BusyRun>(5, 100);
    EXPECT_TRUE(InArena(run.get()));
    trace = run->world.trace().value();
  }
  EXPECT_EQ(traces[0], traces[1]);
  EXPECT_EQ(Arena::BytesInUse(), 0u);
}

TEST(ArenaDeathTest, TooLargeABlockIsRefused) {
  if (!Arena::IsEnabled()) GTEST_SKIP() << "off under sanitizers";
  EXPECT_DEATH(
      {
        Arena::Scope scope;
        New(size_t{1} << 40);
      },
      "needs more than");
  EXPECT_DEATH(
      {
        Arena::Scope scope;
        New(~size_t{0} - 100);  // rounded up it would be nothing
      },
      "needs more than");
}

TEST(ArenaDeathTest, WhoNeedsMoreThanTheLimitEndsWhereItSays) {
  if (!Arena::IsEnabled()) GTEST_SKIP() << "off under sanitizers";
  const auto fill = [](size_t bytes) {
    Arena::Limit(size_t{1} << 20, [] { _exit(5); });
    Arena::Scope scope;
    for (size_t used = 0; used < bytes; used += 1000) New(1000);
    _exit(6);
  };
  EXPECT_EXIT(fill(900000), testing::ExitedWithCode(6), "");
  EXPECT_EXIT(fill(1100000), testing::ExitedWithCode(5), "");
}

// --- Host -----------------------------------------------------------------

TEST(Host, CountsThreads) {
  EXPECT_EQ(CheckSingleThreaded(), absl::OkStatus());
  std::atomic<bool> stop = false;
  std::thread thread([&] {
    while (!stop) std::this_thread::yield();
  });
  const absl::Status status = CheckSingleThreaded();
  stop = true;
  thread.join();
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_NE(status.message().find("2 threads"), std::string::npos) << status;
}

}  // namespace
}  // namespace moonpool
