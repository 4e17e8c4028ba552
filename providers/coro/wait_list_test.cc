// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: who waits is woken in order, once, and may go away.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "providers/coro/ready_queue.h"
#include "providers/coro/task.h"
#include "providers/coro/task_set.h"
#include "providers/coro/testing_coro.h"
#include "providers/coro/wait_list.h"

namespace moonpool {
namespace {

using WaitListTest = CoroFixture;


TEST_F(WaitListTest, WakesInTheOrderOfWaiting) {
  Executor executor;
  WaitList list;
  TaskSet tasks;
  std::string log;
  for (char c : {'a', 'b', 'c', 'd'}) {
    tasks.Spawn([&list, &log, c]() -> Task<void> {
      co_await list.Wait();
      log.push_back(c);
    });
  }
  list.WakeAll();  // nobody waits yet: wake-ups are not remembered
  executor.Run();
  EXPECT_EQ(log, "");
  list.WakeOne();
  executor.Run();
  EXPECT_EQ(log, "a");
  list.WakeAll();
  EXPECT_TRUE(list.empty());
  executor.Run();
  EXPECT_EQ(log, "abcd");
  list.WakeOne();  // nobody left
}

TEST_F(WaitListTest, DestroyedWaiterIsUnlinked) {
  Executor executor;
  WaitList list;
  TaskSet tasks;
  JoinHandle handles[3];
  for (JoinHandle& handle : handles) handle = tasks.Spawn(Forever, &list);
  executor.Run();
  handles[1].Abort();
  list.WakeOne();
  handles[0].Abort();  // woken, not yet run
  EXPECT_EQ(executor.queue.size(), 0u);
  EXPECT_FALSE(list.empty());
  handles[2].Abort();
  EXPECT_TRUE(list.empty());
}

TEST_F(WaitListTest, WaitersOutliveTheListAsleep) {
  Executor executor;
  TaskSet tasks;
  auto list = std::make_unique<WaitList>();
  for (int i = 0; i < 3; ++i) tasks.Spawn(Forever, list.get());
  executor.Run();
  list.reset();
  EXPECT_EQ(executor.Run(), 0u);
  EXPECT_FALSE(tasks.empty());
}

}  // namespace
}  // namespace moonpool
