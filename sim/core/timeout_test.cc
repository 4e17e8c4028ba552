// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: Time::Timeout gives the result or DeadlineExceeded, and leaves nothing
// behind. Method: both outcomes and the tie; destroyed at every suspension.
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "providers/coro/ready_queue.h"
#include "providers/coro/task.h"
#include "providers/coro/task_set.h"
#include "providers/coro/wait_list.h"
#include "providers/time.h"
#include "sim/core/event_queue.h"
#include "sim/core/rng.h"
#include "sim/core/testing_core.h"
#include "sim/core/world.h"

namespace moonpool {
namespace {

struct Event final : TimedEvent {
  void Fire() override {}
};

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

}  // namespace
}  // namespace moonpool
