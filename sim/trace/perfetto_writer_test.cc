// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: the trace is well-formed for Perfetto: every slice ends, slices of a
// track nest, time goes forwards, tracks exist before their events. Method:
// produced bytes are parsed back, and one small trace is compared byte by byte
// with what the public schema makes of it, written out by hand.
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "providers/coro/task.h"
#include "providers/coro/task_set.h"
#include "sim/core/rng.h"
#include "sim/core/world.h"
#include "sim/trace/event_ring.h"
#include "sim/trace/event_sink.h"
#include "sim/trace/node_log.h"
#include "sim/trace/perfetto.pb.h"
#include "sim/trace/perfetto_writer.h"

namespace moonpool {
namespace {

using perfetto::TrackEvent;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

perfetto::Trace Parse(const std::string& bytes) {
  perfetto::Trace trace;
  EXPECT_TRUE(trace.ParseFromString(bytes));
  return trace;
}

void CheckWellFormed(const perfetto::Trace& trace) {
  std::set<uint64_t> tracks;
  std::map<uint64_t, int> open;
  uint64_t now = 0;
  ASSERT_GT(trace.packet_size(), 0);
  EXPECT_EQ(trace.packet(0).sequence_flags(), 1u);
  for (const perfetto::TracePacket& packet : trace.packet()) {
    EXPECT_EQ(packet.trusted_packet_sequence_id(), 1u);
    if (packet.has_track_descriptor()) {
      const perfetto::TrackDescriptor& track = packet.track_descriptor();
      ASSERT_TRUE(tracks.insert(track.uuid()).second);
      ASSERT_TRUE(track.has_process() || tracks.count(track.parent_uuid()));
      continue;
    }
    ASSERT_GE(packet.timestamp(), now);
    now = packet.timestamp();
    const TrackEvent& event = packet.track_event();
    ASSERT_EQ(tracks.count(event.track_uuid()), 1u);
    int& depth = open[event.track_uuid()];
    if (event.type() == TrackEvent::TYPE_SLICE_BEGIN) ++depth;
    if (event.type() == TrackEvent::TYPE_SLICE_END) --depth;
    ASSERT_GE(depth, 0);
  }
  for (const auto& [track, depth] : open) EXPECT_EQ(depth, 0) << track;
}

// What a reader makes of the slices: "NAME BEGIN-END TRACK", as they end.
std::vector<std::string> Slices(const perfetto::Trace& trace) {
  std::map<uint64_t, std::string> names;
  std::map<uint64_t, std::vector<std::string>> open;
  std::vector<std::string> slices;
  for (const perfetto::TracePacket& packet : trace.packet()) {
    const auto& track = packet.track_descriptor();
    if (packet.has_track_descriptor()) names[track.uuid()] = track.name();
    const TrackEvent& event = packet.track_event();
    auto& stack = open[event.track_uuid()];
    if (event.type() == TrackEvent::TYPE_SLICE_BEGIN) {
      stack.push_back(absl::StrCat(event.name(), " ", packet.timestamp()));
    } else if (event.type() == TrackEvent::TYPE_SLICE_END) {
      slices.push_back(absl::StrCat(stack.back(), "-", packet.timestamp(), " ",
                                    names[event.track_uuid()]));
      stack.pop_back();
    }
  }
  return slices;
}

// Lets time pass.
struct Tick final : TimedEvent {
  void Fire() override {}
};
struct Bench {
  void PassTo(int64_t time_ns) {
    Tick tick;
    world.Schedule(tick, time_ns - world.now_ns());
    world.FireNext();
  }
  World world{WorldOptions{}};
  EventSink sink{&world};
  EventRing ring;
  NodeLog log{&sink, "10.0.1.2"};
  Bench() { sink.set_ring(&ring); }
};

// One packet of the public schema: field 1 of Trace, length-delimited.
std::string Packet(const std::string& hex) {
  const std::string bytes = absl::HexStringToBytes(hex);
  return absl::StrCat("\x0a", std::string(1, static_cast<char>(bytes.size())),
                      bytes);
}

TEST(PerfettoWriterTest, TheBytesAreThoseOfThePublicSchema) {
  Bench bench;
  NodeLog node(&bench.sink, "n");
  bench.PassTo(5);
  node.Info("x", {{"a", 7}});
  node.Gauge("g", 3);
  EXPECT_EQ(
      absl::BytesToHexString(PerfettoTrace(bench.ring)),
      absl::BytesToHexString(absl::StrCat(
          // sequence id (10) 1, sequence_flags (13) 1, track_descriptor (60):
          // uuid (1) 2^32, process (3): pid (1) 1, process_name (6) "n".
          Packet("5001"
                 "6801"
                 "e2030d"
                 "088080808010"
                 "1a05"
                 "0801"
                 "32016e"),
          // uuid (1) 2^32 + 1, name (2) "log", parent_uuid (5) 2^32,
          // sibling_merge_behavior (15) 2.
          Packet("5001"
                 "e20313"
                 "088180808010"
                 "12036c6f67"
                 "288080808010"
                 "7802"),
          // timestamp (8) 5, track_event (11): debug annotation (4) with
          // int_value (4) 7 and name (10) "a"; type (9) 3; track_uuid (11);
          // categories (22) "log"; name (23) "x".
          Packet("4005"
                 "5001"
                 "5a19"
                 "2205"
                 "2007"
                 "520161"
                 "4803"
                 "588180808010"
                 "b201036c6f67"
                 "ba010178"),
          // …, counter (8), empty.
          Packet("5001"
                 "e20313"
                 "088280808010"
                 "120167"
                 "288080808010"
                 "4200"
                 "7802"),
          // counter_value (30) 3.
          Packet("4005"
                 "5001"
                 "5a0b"
                 "4804"
                 "588280808010"
                 "f00103"))));
}

TEST(PerfettoWriterTest, ChildrenLieInTheirParentAndOthersBesideIt) {
  Bench bench;
  Span outer = bench.log.StartSpan("outer");
  bench.PassTo(10);
  Span inner = outer.StartSpan("inner");
  Span other = bench.log.StartSpan("other");
  bench.PassTo(20);
  inner.End();
  Span longer = outer.StartSpan("longer");  // than its parent
  bench.PassTo(30);
  outer.End();
  bench.PassTo(40);
  longer.End();
  other.End();
  const perfetto::Trace trace = Parse(PerfettoTrace(bench.ring));
  CheckWellFormed(trace);
  EXPECT_THAT(Slices(trace),
              ElementsAre("inner 10-20 spans", "outer 0-30 spans",
                          "longer 20-40 spans, 3", "other 10-40 spans, 2"));
}

// A span within another, for 20 ns in all.
Task<void> Work(const NodeLog* log, Time* time) {
  Span outer = log->StartSpan("outer");
  co_await time->Sleep(absl::Nanoseconds(10));
  Span inner = outer.StartSpan("inner");
  co_await time->Sleep(absl::Nanoseconds(10));
}

Task<void> WorkOf(const Span* parent) {
  Span child = parent->StartSpan("child");
  co_return;
}

TEST(PerfettoWriterTest, EachTaskHasItsOwnTracks) {
  Bench bench;
  SimTime time(&bench.world);
  const NodeLog* log = &bench.log;
  TaskSet tasks;
  TaskSet* set = &tasks;
  // Task 1 runs task 2 and then, when that is over, tasks 3 and 4 at once.
  tasks.Spawn([log, set, &time]() -> Task<void> {
    Span all = log->StartSpan("all");
    JoinHandle first = set->Spawn(Work, log, &time);
    (void)co_await first.Join();
    JoinHandle second = set->Spawn(Work, log, &time);
    JoinHandle third = set->Spawn(WorkOf, &all);
    (void)co_await second.Join();
    (void)co_await third.Join();
    all.StartSpan("last").End();  // again of task 1
  });
  while (bench.world.Turn()) {
  }
  const perfetto::Trace trace = Parse(PerfettoTrace(bench.ring));
  CheckWellFormed(trace);
  EXPECT_THAT(Slices(trace),
              UnorderedElementsAre(
                  "inner 10-20 task 2", "outer 0-20 task 2",
                  "child 20-20 task 4", "inner 30-40 task 3",
                  "outer 20-40 task 3", "last 40-40 task 1",
                  "all 0-40 task 1"));
}

TEST(PerfettoWriterTest, SpansWithoutBeginOrEndAreCompleted) {
  Bench bench;
  EventRing ring({.max_events = 2});
  bench.sink.set_ring(&ring);
  Span first = bench.log.StartSpan("first");
  bench.PassTo(10);
  Span open = bench.log.StartSpan("open");
  bench.PassTo(20);
  first.End();
  const perfetto::Trace trace = Parse(PerfettoTrace(ring, {.end_ns = 50}));
  CheckWellFormed(trace);
  EXPECT_EQ(ring.dropped(), 1u);
  EXPECT_THAT(Slices(trace),
              ElementsAre("first 0-20 spans", "open 10-50 spans, 2"));
}

TEST(PerfettoWriterTest, FaultsAreOnATrackOfTheirNodeWithTheirCategory) {
  Bench bench;
  bench.world.Tell("10.0.1.2", "boot");
  bench.world.Fault(FaultFamily::kPartition, "10.0.1.2", "cut off from ",
                    "10.0.1.3");
  const perfetto::Trace trace = Parse(
      PerfettoTrace(bench.ring, {.node_names = {{"10.0.1.2", "server"}}}));
  CheckWellFormed(trace);
  EXPECT_EQ(trace.packet(0).track_descriptor().process().process_name(),
            "server 10.0.1.2");
  EXPECT_EQ(trace.packet(1).track_event().track_uuid(),
            trace.packet(0).track_descriptor().uuid());
  EXPECT_EQ(trace.packet(2).track_descriptor().name(), "faults");
  const TrackEvent& fault = trace.packet(3).track_event();
  EXPECT_EQ(fault.name(), "cut off from");
  EXPECT_THAT(fault.categories(), ElementsAre("fault"));
  ASSERT_EQ(fault.debug_annotations_size(), 2);
  EXPECT_EQ(fault.debug_annotations(0).string_value(), "partition");
  EXPECT_EQ(fault.debug_annotations(1).string_value(), "10.0.1.3");
}

TEST(PerfettoWriterTest, WhateverTheRingStillHasItIsWellFormed) {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    World world{WorldOptions{.seed = seed}};
    RandomStream random(&world.random(), "test");
    EventSink sink(&world);
    EventRing ring({.max_events = 1 + random.Below(150)});
    sink.set_ring(&ring);
    NodeLog a(&sink, "a");
    NodeLog b(&sink, "b");
    std::vector<Span> spans(10);
    for (int i = 0; i < 200; ++i) {
      Span& span = spans[random.Below(spans.size())];
      const NodeLog& log = random.Below(2) == 0 ? a : b;
      switch (random.Below(5)) {
        case 0:
          span = log.StartSpan("root");
          break;
        case 1:
          span = spans[random.Below(spans.size())].StartSpan("child");
          break;
        case 2:
          span.End();
          break;
        case 3:
          span.Info("log");
          break;
        default: {
          Tick tick;
          world.Schedule(tick, static_cast<int64_t>(random.Below(100)));
          world.FireNext();
        }
      }
    }
    const std::string bytes = PerfettoTrace(ring);
    if (ring.size() > 0) CheckWellFormed(Parse(bytes));
    EXPECT_EQ(bytes, PerfettoTrace(ring));
  }
}

TEST(PerfettoWriterTest, AnEmptyRingIsAnEmptyTrace) {
  EXPECT_THAT(PerfettoTrace(EventRing()), IsEmpty());
}

}  // namespace
}  // namespace moonpool
