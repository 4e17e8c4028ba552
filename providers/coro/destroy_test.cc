// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: the primitives leave nothing behind when they are destroyed half-way,
// as a simulated crash does. Method: for every primitive a scenario that is
// destroyed at every suspension.
#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <vector>

#include "absl/strings/string_view.h"
#include "providers/coro/cancellation.h"
#include "providers/coro/ready_queue.h"
#include "providers/coro/select.h"
#include "providers/coro/task.h"
#include "providers/coro/task_set.h"
#include "providers/coro/testing_coro.h"
#include "providers/coro/wait_list.h"

namespace moonpool {
namespace {

using DestroyTest = CoroFixture;


// Starts a scenario afresh for each k, lets k resumptions happen and destroys
// everything, until a run is over before it is destroyed. A scenario puts its
// tasks into the set it is given and its state into their frames.
template <typename Scenario>
void DestroyAtEverySuspension(Scenario scenario, size_t at_least) {
  size_t k = 0;
  for (bool finished = false; !finished; ++k) {
    SCOPED_TRACE(k);
    {
      Executor executor;
      TaskSet tasks([](absl::string_view) {});
      tasks.Spawn(scenario, &tasks, Counted());
      executor.Run(k);
      finished = tasks.empty();
      tasks.Clear();
      EXPECT_TRUE(executor.queue.empty());
      EXPECT_EQ(LiveFrames(), 0u);
      EXPECT_EQ(Counted::live, 0);
    }
    ASSERT_LT(k, 1000u);
  }
  EXPECT_GT(k, at_least);
}

TEST_F(DestroyTest, NestedTasksAndYield) {
  DestroyAtEverySuspension(
      [](TaskSet*, Counted) -> Task<void> {
        auto inner = [](Counted c, int n) -> Task<Counted> {
          for (int i = 0; i < n; ++i) co_await Yield();
          co_return c;
        };
        auto middle = [&](Counted c) -> Task<Counted> {
          Counted local = co_await inner(c, 2);
          co_return co_await inner(local, 3);
        };
        Counted a = co_await middle(Counted());
        Counted b = co_await middle(a);
      },
      10);
}

TEST_F(DestroyTest, Exceptions) {
  DestroyAtEverySuspension(
      [](TaskSet* tasks, Counted) -> Task<void> {
        tasks->Spawn(Throw, true);
        for (bool yield : {true, false}) {
          Counted local;
          try {
            (void)co_await Throw(yield);
          } catch (const std::runtime_error&) {
          }
          co_await Yield();
        }
        (void)co_await Throw(true);
      },
      5);
}

TEST_F(DestroyTest, SelectNested) {
  DestroyAtEverySuspension(
      [](TaskSet*, Counted) -> Task<void> {
        std::vector<int> log;
        auto nested = [&](int a, int b) -> Task<void> {
          Counted local;
          co_await Select(Steps(a, Counted(), &log, 0),
                          Steps(b, Counted(), &log, 1));
        };
        for (int a = 0; a < 4; ++a) {
          for (int b = 0; b < 4; ++b) {
            co_await Select(nested(a, b), nested(b, 2));
          }
        }
      },
      30);
}

TEST_F(DestroyTest, WaitListPingPong) {
  DestroyAtEverySuspension(
      [](TaskSet* tasks, Counted) -> Task<void> {
        struct Shared {
          WaitList ping, pong;
          int turn = 0;
          Counted counted;
        };
        auto shared = std::make_shared<Shared>();
        tasks->Spawn(
            [](std::shared_ptr<Shared> s) -> Task<void> {
              while (s->turn < 9) {
                while (s->turn % 2 == 0) co_await s->pong.Wait();
                ++s->turn;
                s->ping.WakeAll();
              }
            },
            shared);
        while (shared->turn < 10) {
          while (shared->turn % 2 == 1) co_await shared->ping.Wait();
          ++shared->turn;
          shared->pong.WakeAll();
        }
        shared->pong.WakeAll();
      },
      8);
}

TEST_F(DestroyTest, JoinAndAbort) {
  DestroyAtEverySuspension(
      [](TaskSet* tasks, Counted) -> Task<void> {
        JoinHandle jobs[3];
        std::vector<int> log;
        for (int i = 0; i < 3; ++i) {
          jobs[i] = tasks->Spawn(
              [](Counted, int n) -> Task<void> {
                for (int j = 0; j < n; ++j) co_await Yield();
              },
              Counted(), i + 1);
        }
        auto join = [](JoinHandle* job, Counted) -> Task<void> {
          (void)co_await job->Join();
        };
        co_await Select(join(&jobs[0], Counted()), join(&jobs[1], Counted()));
        jobs[2].Abort();
        co_await join(&jobs[2], Counted());
        co_await join(&jobs[1], Counted());
      },
      5);
}

TEST_F(DestroyTest, InnerTaskSet) {
  DestroyAtEverySuspension(
      [](TaskSet*, Counted) -> Task<void> {
        WaitList go;
        std::vector<int> log;
        TaskSet inner;
        for (int i = 0; i < 3; ++i) {
          inner.Spawn(Steps, i, Counted(), &log, i);
          inner.Spawn(
              [&go, c = Counted()]() -> Task<void> { co_await go.Wait(); });
        }
        for (int i = 0; i < 3; ++i) co_await Yield();
        go.WakeOne();
        co_await Yield();  // two of them are still waiting at the end
      },
      8);
}

TEST_F(DestroyTest, Cancellation) {
  DestroyAtEverySuspension(
      [](TaskSet* tasks, Counted) -> Task<void> {
        CancellationSource source;
        for (int i = 0; i < 3; ++i) {
          tasks->Spawn(
              [](CancellationToken token, Counted) -> Task<void> {
                WaitList never;
                co_await Select(Forever(&never), token.Cancelled());
              },
              source.token(), Counted());
        }
        co_await Yield();
        co_await Yield();
        source.Cancel();
        co_await source.token().Cancelled();
        co_await Yield();
      },
      8);
}

}  // namespace
}  // namespace moonpool
