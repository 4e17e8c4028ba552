// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: whoever is woken runs later, once, in order and for its owner; nobody
// runs without an executor. Method: random aborts; a count of who ran.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "providers/coro/cancellation.h"
#include "providers/coro/ready_queue.h"
#include "providers/coro/select.h"
#include "providers/coro/task.h"
#include "providers/coro/task_set.h"
#include "providers/coro/testing_coro.h"
#include "providers/coro/wait_list.h"

namespace moonpool {
namespace {

using YieldTest = CoroFixture;
using ReadyQueueTest = CoroFixture;


TEST_F(YieldTest, GoesToTheEndOfTheQueue) {
  Executor executor;
  TaskSet tasks;
  std::string log;
  for (char c : {'a', 'b', 'c'}) {
    tasks.Spawn([&log, c]() -> Task<void> {
      for (int i = 0; i < 3; ++i) {
        log.push_back(c);
        co_await Yield();
      }
    });
  }
  executor.Run();
  EXPECT_EQ(log, "abcabcabc");
}

TEST_F(ReadyQueueTest, NothingResumesInline) {
  Executor executor;
  TaskSet tasks;
  WaitList list;
  CancellationSource source;
  int resumed = 0;
  auto on_list = [&]() -> Task<void> {
    co_await list.Wait();
    ++resumed;
  };
  tasks.Spawn(on_list);
  EXPECT_EQ(resumed, 0);  // Spawn
  for (int i = 0; i < 3; ++i) tasks.Spawn(on_list);
  tasks.Spawn([&]() -> Task<void> {
    co_await source.token().Cancelled();
    ++resumed;
  });
  JoinHandle aborted = tasks.Spawn(Forever, &list);
  auto join = [&](JoinHandle* handle) -> Task<void> {
    (void)co_await handle->Join();
    ++resumed;
  };
  tasks.Spawn(join, &aborted);
  executor.Run();
  list.WakeOne();
  EXPECT_EQ(resumed, 0);
  list.WakeAll();
  EXPECT_EQ(resumed, 0);
  source.Cancel();
  EXPECT_EQ(resumed, 0);
  aborted.Abort();
  EXPECT_EQ(resumed, 0);
  executor.Run();
  EXPECT_EQ(resumed, 6);
  // A task that finishes does not run its joiner, nor a winner its selector.
  tasks.Spawn([&]() -> Task<void> {
    JoinHandle child = tasks.Spawn(YieldValue, 1);
    (void)co_await child.Join();
    resumed = 10;
  });
  executor.Run(3);  // parent, child to its Yield, child to its end
  EXPECT_EQ(resumed, 6);
  executor.Run();
  EXPECT_EQ(resumed, 10);
  tasks.Spawn([&]() -> Task<void> {
    co_await Select(Nothing(), Forever(&list));
    resumed = 20;
  });
  executor.Run(1);
  EXPECT_EQ(resumed, 10);
  executor.Run();
  EXPECT_EQ(resumed, 20);
}

// More than it has room for, with part of the front consumed; then from the
// middle, also by destruction.
TEST_F(ReadyQueueTest, KeepsEverybodyWhenItGrows) {
  Executor executor;
  TaskSet tasks;
  std::vector<int> ran;
  auto note = [&](int i) -> Task<void> {
    ran.push_back(i);
    co_return;
  };
  int next = 0;
  std::vector<int> expected;
  for (int round = 0; round < 200; ++round) {
    for (int i = 0; i < round % 7; ++i) tasks.Spawn(note, next++);
    if (round % 5 == 0) {
      JoinHandle aborted = tasks.Spawn(note, -1);
      tasks.Spawn(note, next++);
      aborted.Abort();
    }
    executor.Run(2);
  }
  EXPECT_GT(executor.queue.size(), 100u);
  executor.Run();
  for (int i = 0; i < next; ++i) expected.push_back(i);
  EXPECT_EQ(ran, expected);
}

TEST_F(ReadyQueueTest, TaskInheritsTheOwnerOfItsSpawner) {
  Executor executor;
  TaskSet tasks;
  WaitList list;
  std::vector<uint32_t> owners;
  for (uint32_t owner : {7u, 8u}) {
    executor.queue.set_owner(owner);
    tasks.Spawn([&]() -> Task<void> {
      tasks.Spawn([&]() -> Task<void> {
        co_await list.Wait();
        owners.push_back(executor.queue.owner());
      });
      co_return;
    });
  }
  executor.queue.set_owner(9);
  executor.Run();
  list.WakeAll();  // whoever wakes it
  executor.Run();
  EXPECT_EQ(owners, (std::vector<uint32_t>{7, 8}));
}

TEST_F(ReadyQueueTest, RunsEachWokenTaskOnceUnderRandomAborts) {
  Executor executor;
  TaskSet tasks;
  uint32_t random = 1;
  auto below = [&](uint32_t bound) {
    random = random * 1664525 + 1013904223;
    return (random >> 8) % bound;
  };
  std::vector<int> runs(20000);
  std::vector<JoinHandle> handles;
  handles.reserve(runs.size());
  std::vector<bool> aborted(runs.size());
  auto count = [](int* total) -> Task<void> {
    ++*total;
    co_return;
  };
  while (handles.size() < runs.size() || !executor.queue.empty()) {
    const uint32_t action = below(10);
    if (action < 5 && handles.size() < runs.size()) {
      handles.push_back(tasks.Spawn(count, &runs[handles.size()]));
    } else if (action < 7 && !handles.empty()) {
      const size_t recent = std::min<size_t>(handles.size(), 300);
      const size_t i = handles.size() - 1 - below(recent);
      if (!handles[i].is_finished()) aborted[i] = true;
      handles[i].Abort();
    } else if (!executor.queue.empty()) {
      executor.queue.RunAt(below(executor.queue.size()));
    }
  }
  for (size_t i = 0; i < runs.size(); ++i) ASSERT_EQ(runs[i], !aborted[i]) << i;
}

TEST(CoroDeathTest, AwaitOutsideAnExecutorIsABug) {
  EXPECT_FALSE(ReadyQueue::HasCurrent());
  EXPECT_DEATH(
      {
        TaskSet tasks;
        tasks.Spawn(Nothing);
      },
      "outside any executor");
}

TEST(CoroDeathTest, ReadyTaskMustNotOutliveItsExecutor) {
  EXPECT_DEATH(
      {
        auto executor = std::make_unique<Executor>();
        TaskSet tasks;
        tasks.Spawn(Nothing);
        executor.reset();
      },
      "outlive");
}

}  // namespace
}  // namespace moonpool
