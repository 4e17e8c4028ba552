// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: a paused owner's coroutines do not run, whatever wakes them, and all
// of them run after Resume; other owners go on. Method: a ready queue driven
// by hand.
#include <vector>

#include "gtest/gtest.h"
#include "providers/coro/ready_queue.h"
#include "providers/coro/task_set.h"
#include "providers/coro/wait_list.h"

namespace moonpool {
namespace {

struct Fixture {
  Fixture() : scope(queue) {}
  void RunAll() {
    while (!queue.empty()) queue.RunAt(0);
  }
  // A task of this owner that waits for the gate again and again.
  JoinHandle Start(uint32_t owner) {
    queue.set_owner(owner);
    JoinHandle handle = tasks.Spawn([this, owner]() -> Task<void> {
      for (;;) {
        co_await gate.Wait();
        ran.push_back(owner);
      }
    });
    queue.set_owner(0);
    return handle;
  }
  ReadyQueue queue;
  ReadyQueue::Scope scope;
  WaitList gate;
  std::vector<uint32_t> ran;
  TaskSet tasks;
};

TEST(PauseTest, HoldsBackOneOwnerOnly) {
  Fixture f;
  JoinHandle a = f.Start(1);
  JoinHandle b = f.Start(2);
  f.RunAll();
  f.queue.Pause(1);
  f.gate.WakeAll();
  f.RunAll();
  EXPECT_EQ(f.ran, (std::vector<uint32_t>{2}));
  f.queue.Resume(1);
  f.RunAll();
  EXPECT_EQ(f.ran, (std::vector<uint32_t>{2, 1}));
}

TEST(PauseTest, TakesBackWhatIsQueuedAlready) {
  Fixture f;
  JoinHandle a = f.Start(1);
  JoinHandle b = f.Start(2);
  JoinHandle c = f.Start(1);
  f.RunAll();
  f.gate.WakeAll();
  f.queue.Pause(1);
  EXPECT_EQ(f.queue.size(), 1u);
  f.RunAll();
  EXPECT_EQ(f.ran, (std::vector<uint32_t>{2}));
  f.queue.Resume(1);
  f.RunAll();
  EXPECT_EQ(f.ran, (std::vector<uint32_t>{2, 1, 1}));
}

TEST(PauseTest, ChildTasksArePausedWithTheirParent) {
  Fixture f;
  f.queue.set_owner(7);
  JoinHandle parent = f.tasks.Spawn([&f]() -> Task<void> {
    (void)f.tasks.Spawn([&f]() -> Task<void> {
      co_await f.gate.Wait();
      f.ran.push_back(7);
    });
    co_return;
  });
  f.queue.set_owner(0);
  f.RunAll();
  f.queue.Pause(7);
  f.gate.WakeAll();
  f.RunAll();
  EXPECT_TRUE(f.ran.empty());
  f.queue.Resume(7);
  f.RunAll();
  EXPECT_EQ(f.ran.size(), 1u);
}

TEST(PauseTest, ATaskCanBeDestroyedWhileItIsParked) {
  Fixture f;
  JoinHandle a = f.Start(1);
  JoinHandle b = f.Start(1);
  f.RunAll();
  f.queue.Pause(1);
  f.gate.WakeAll();
  a.Abort();
  f.queue.Resume(1);
  f.RunAll();
  EXPECT_EQ(f.ran.size(), 1u);
}

TEST(PauseTest, PausingTwiceIsPausingOnce) {
  Fixture f;
  JoinHandle a = f.Start(1);
  f.RunAll();
  f.queue.Pause(1);
  f.queue.Pause(1);
  f.gate.WakeAll();
  f.queue.Resume(1);
  f.queue.Resume(1);
  f.RunAll();
  EXPECT_EQ(f.ran.size(), 1u);
}

}  // namespace
}  // namespace moonpool
