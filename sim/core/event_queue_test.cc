// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: events come in the order of time, and of scheduling where it is equal.
// Method: a reference model under random operations, and cases at the borders
// of its layers.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "providers/random.h"
#include "sim/core/event_queue.h"
#include "sim/core/rng.h"
#include "sim/core/trace_hash.h"

namespace moonpool {
namespace {

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

}  // namespace
}  // namespace moonpool
