// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: everything that happens reaches its listeners once, in order and with
// its fields; the ring keeps the latest in fixed memory; observing changes
// nothing. Method: a bare world, a sink, and collected text.
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "providers/coro/task_set.h"
#include "sim/core/world.h"
#include "sim/trace/event_ring.h"
#include "sim/trace/event_sink.h"
#include "sim/trace/node_log.h"
#include "sim/trace/text_log.h"

namespace moonpool {
namespace {

using ::testing::ElementsAre;

struct Bench {
  World world{WorldOptions{}};
  SimTime time{&world};
  EventSink sink{&world};
  NodeLog log{&sink, "10.0.1.2"};
};

TEST(EventSinkTest, ASubscriberOfANameGetsThoseEventsAtOnceWithTheirFields) {
  Bench bench;
  std::vector<std::string> heard;
  Subscription subscription =
      bench.sink.Subscribe("leader elected", [&](const TraceEvent& event) {
        heard.push_back(absl::StrCat(event.who, " ", event.Int("term"), " ",
                                     event.Text("by"), " ",
                                     event.Int("missing", -1)));
      });
  bench.log.Info("something else", {{"term", 1}});
  bench.log.Info("leader elected", {{"term", 7}, {"by", "all"}});
  EXPECT_THAT(heard, ElementsAre("10.0.1.2 7 all -1"));
  subscription.End();
  bench.log.Info("leader elected", {{"term", 8}});
  EXPECT_EQ(heard.size(), 1u);
  EXPECT_FALSE(bench.sink.is_active());
}

TEST(EventSinkTest, FaultsAndOccurrencesComeInTheSameStream) {
  Bench bench;
  EventRing ring;
  bench.sink.set_ring(&ring);
  bench.log.Info("before");
  bench.world.Tell("10.0.1.2", "cut off from ", "10.0.1.3");
  bench.world.Fault(FaultFamily::kDiskStall, "10.0.1.2", "disk stalls");
  bench.log.Warning("after");
  std::vector<std::string> seen;
  ring.ForEach([&](const TraceEvent& event) {
    seen.push_back(absl::StrCat(event.sequence, " ", EventTypeName(event.type),
                                " ", event.name, " ", event.Text("object"),
                                event.Text("family")));
  });
  EXPECT_THAT(seen,
              ElementsAre("1 log before ", "2 lifecycle cut off from 10.0.1.3",
                          "3 fault disk stalls disk stall", "4 log after "));
}

TEST(EventSinkTest, EventsOfChildTasksHaveTheirNode) {
  Bench bench;
  EventRing ring;
  bench.sink.set_ring(&ring);
  TaskSet tasks;
  const NodeLog* log = &bench.log;
  TaskSet* set = &tasks;
  tasks.Spawn([log, set]() -> Task<void> {
    set->Spawn([log]() -> Task<void> {
      log->Info("from a child");
      co_return;
    });
    co_return;
  });
  bench.world.RunReady();
  EXPECT_EQ(FormatLog(ring), "  0.000 s  10.0.1.2  from a child\n");
}

Task<void> Append(const NodeLog* log, Time* time) {
  Span span = log->StartSpan("append", {{"index", 3}});
  co_await time->Sleep(absl::Milliseconds(2));
  Span sync = span.StartSpan("sync");
  co_await time->Sleep(absl::Milliseconds(3));
  sync.End({{"bytes", 100}});
  span.Info("synced");
}

TEST(SpanTest, ItTellsItsBeginItsEndAndHowLongItTook) {
  Bench bench;
  EventRing ring;
  bench.sink.set_ring(&ring);
  TaskSet tasks;
  tasks.Spawn(&Append, &bench.log, &bench.time);
  while (bench.world.Turn()) {
  }
  EXPECT_EQ(FormatLog(ring),
            "  0.000 s  10.0.1.2  append begins  span=1 index=3\n"
            "  0.002 s  10.0.1.2  sync begins  span=2 within=1\n"
            "  0.005 s  10.0.1.2  sync ends after 0.003 s  span=2 "
            "bytes=100\n"
            "  0.005 s  10.0.1.2  synced  span=1\n"
            "  0.005 s  10.0.1.2  append ends after 0.005 s  span=1\n");
}

TEST(SpanTest, ACrashAbortsIt) {
  Bench bench;
  std::vector<std::string> ends;
  Subscription all = bench.sink.SubscribeAll([&](const TraceEvent& event) {
    if (event.type != EventType::kSpanEnd) return;
    ends.push_back(absl::StrCat(event.name, event.Int("aborted")));
  });
  TaskSet tasks;
  tasks.Spawn(&Append, &bench.log, &bench.time);
  bench.world.Turn();
  bench.world.RunReady();
  {
    World::TeardownScope teardown(&bench.world);
    tasks.Clear();
  }
  EXPECT_THAT(ends, ElementsAre("sync1", "append1"));
}

TEST(EventSinkTest, CallbacksMaySubscribeUnsubscribeAndEmit) {
  Bench bench;
  std::vector<std::string> heard;
  Subscription late;
  Subscription first = bench.sink.Subscribe("a", [&](const TraceEvent&) {
    heard.push_back("first");
    // New names move the index, new subscribers the list.
    for (int i = 0; i < 100; ++i) {
      Subscription passing = bench.sink.Subscribe(absl::StrCat("name", i),
                                                  [](const TraceEvent&) {});
    }
    late = bench.sink.Subscribe(
        "a", [&](const TraceEvent&) { heard.push_back("late"); });
    bench.log.Info("b");
    first.End();
  });
  Subscription second = bench.sink.Subscribe(
      "a", [&](const TraceEvent&) { heard.push_back("second"); });
  Subscription b = bench.sink.Subscribe(
      "b", [&](const TraceEvent&) { heard.push_back("b"); });
  bench.log.Info("a");
  EXPECT_THAT(heard, ElementsAre("first", "b", "second"));
  heard.clear();
  bench.log.Info("a");
  EXPECT_THAT(heard, ElementsAre("second", "late"));
}

TEST(EventSinkTest, ASubscriptionMayOutliveItsSink) {
  World world{WorldOptions{}};
  Subscription subscription;
  {
    EventSink sink(&world);
    subscription = sink.SubscribeAll([](const TraceEvent&) { FAIL(); });
  }
  world.Tell("somebody", "is told nothing any more");
}

uint64_t HashOfRun(bool is_observed) {
  Bench bench;
  EventRing ring;
  if (is_observed) bench.sink.set_ring(&ring);
  TaskSet tasks;
  tasks.Spawn(&Append, &bench.log, &bench.time);
  tasks.Spawn(&Append, &bench.log, &bench.time);
  while (bench.world.Turn()) {
  }
  bench.world.Fault(FaultFamily::kReboot, "10.0.1.2", "crash");
  EXPECT_EQ(ring.size(), is_observed ? 11u : 0u);
  return bench.world.trace().value();
}

TEST(EventSinkTest, AnObservedRunHasTheHashOfAnUnobservedOne) {
  EXPECT_EQ(HashOfRun(true), HashOfRun(false));
}

TraceEvent Numbered(uint64_t sequence, absl::Span<const EventField> fields) {
  TraceEvent event;
  event.sequence = sequence;
  event.who = "node";
  event.name = "event";
  event.fields = fields;
  return event;
}

TEST(EventRingTest, ItKeepsTheLatestInFixedMemory) {
  for (const size_t max_bytes : {301, 500, 997, 4096}) {
    EventRing ring({.max_events = 20, .max_bytes = max_bytes});
    for (uint64_t i = 1; i <= 1000; ++i) {
      const std::string text(i % 37, 'x');
      const EventField fields[] = {{"i", i}, {"text", text}};
      ring.Append(Numbered(i, fields));
      ASSERT_LE(ring.bytes(), max_bytes);
      ASSERT_LE(ring.size(), 20u);
      ASSERT_EQ(ring.size() + ring.dropped(), i);
      uint64_t next = i - ring.size();
      ring.ForEach([&](const TraceEvent& event) {
        ++next;
        ASSERT_EQ(event.sequence, next);
        ASSERT_EQ(event.Int("i"), static_cast<int64_t>(next));
        ASSERT_EQ(event.Text("text"), std::string(next % 37, 'x'));
        ASSERT_EQ(event.who, "node");
      });
      ASSERT_EQ(next, i);
    }
    if (max_bytes == 4096) EXPECT_EQ(ring.size(), 20u);
  }
}

TEST(EventRingTest, AnEventLargerThanTheRingIsDropped) {
  EventRing ring({.max_events = 20, .max_bytes = 300});
  ring.Append(Numbered(1, {}));
  const std::string text(1000, 'x');
  const EventField field("text", text);
  ring.Append(Numbered(2, {&field, 1}));
  EXPECT_EQ(ring.size(), 1u);
  EXPECT_EQ(ring.dropped(), 1u);
}

TEST(TextLogTest, ColumnsAlignTimesLoseNothingAndValuesAreQuoted) {
  EventRing ring;
  const EventField fields[] = {{"n", -5},     {"big", ~uint64_t{0}},
                               {"yes", true}, {"bare", "a.b:1"},
                               {"empty", ""}, {"text", "say \"hi\"\n"}};
  TraceEvent event = Numbered(1, fields);
  event.time_ns = 4118000000;
  ring.Append(event);
  event.who = "10.0.1.2";
  event.time_ns = 12345678000;
  event.severity = EventSeverity::kError;
  event.name = "bad\nname";
  event.fields = {};
  ring.Append(event);
  EXPECT_EQ(FormatLog(ring),
            "  4.118000 s  node      event  n=-5 big=18446744073709551615 "
            "yes=true bare=a.b:1 empty=\"\" text=\"say \\\"hi\\\"\\n\"\n"
            " 12.345678 s  10.0.1.2  ERROR bad\\nname\n");
  event.time_ns = 1;
  EXPECT_EQ(FormatEvent(event),
            "  0.000000001 s  10.0.1.2         ERROR bad\\nname");
}

// The listing of README.md.
TEST(ReadmeTest, TheListingPrintsWhatItSays) {
  World world(WorldOptions{.seed = 42});
  EventSink sink(&world);
  EventRing ring;
  sink.set_ring(&ring);
  NodeLog log(&sink, "10.0.1.2");
  uint64_t leaders = 0;
  Subscription counting =
      sink.Subscribe("leader elected", [&](const TraceEvent&) { ++leaders; });

  world.Tell("10.0.1.2", "boot");
  log.Info("leader elected", {{"term", 7}, {"by", "a majority"}});
  { Span span = log.StartSpan("append", {{"index", 12}}); }
  world.Fault(FaultFamily::kDiskStall, "10.0.1.2", "disk stalls");
  EXPECT_EQ(FormatLog(ring),
            "  0.000 s  10.0.1.2  boot\n"
            "  0.000 s  10.0.1.2  leader elected  term=7 by=\"a majority\"\n"
            "  0.000 s  10.0.1.2  append begins  span=1 index=12\n"
            "  0.000 s  10.0.1.2  append ends after 0.000 s  span=1\n"
            "  0.000 s  10.0.1.2  disk stalls  family=\"disk stall\"\n");
  EXPECT_EQ(leaders, 1u);
}

TEST(WorldTest, AListenerMayRemoveItselfAndOthersStillHear) {
  struct Once : WorldListener {
    explicit Once(World* world) : world(world) { world->AddListener(this); }
    void OnOccurrence(const WorldOccurrence& occurrence) override {
      heard.push_back(occurrence.Text());
      world->RemoveListener(this);
    }
    World* world;
    std::vector<std::string> heard;
  };
  World world{WorldOptions{}};
  Once a(&world);
  Once b(&world);
  world.Tell("x", "one ", "two");
  world.Tell("x", "three");
  EXPECT_THAT(a.heard, ElementsAre("one two"));
  EXPECT_THAT(b.heard, ElementsAre("one two"));
}

}  // namespace
}  // namespace moonpool
