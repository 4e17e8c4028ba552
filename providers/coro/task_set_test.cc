// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: a set owns its tasks: it ends when they do, or destroys them in order;
// a handle tells how a task ended, or ends it.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "providers/coro/ready_queue.h"
#include "providers/coro/task.h"
#include "providers/coro/task_set.h"
#include "providers/coro/testing_coro.h"
#include "providers/coro/wait_list.h"

namespace moonpool {
namespace {

using TaskSetTest = CoroFixture;
using JoinTest = CoroFixture;


TEST_F(TaskSetTest, DestroysTheYoungestFirst) {
  Executor executor;
  WaitList never;
  std::vector<int> log;
  {
    TaskSet tasks;
    auto wait = [](WaitList* list, std::vector<int>* l, int i) -> Task<void> {
      Obituary obituary(l, i);
      co_await list->Wait();
    };
    for (int i = 0; i < 5; ++i) {
      tasks.Spawn(wait, &never, &log, i);
      if (i == 2) tasks.Spawn(Nothing);  // finishes; leaves no gap
    }
    executor.Run();
    EXPECT_TRUE(log.empty());
  }
  EXPECT_EQ(log, (std::vector<int>{4, 3, 2, 1, 0}));
}

TEST_F(TaskSetTest, DestroysInnermostLocalsFirst) {
  Executor executor;
  WaitList never;
  std::vector<int> log;
  TaskSet tasks;
  auto inner = [](WaitList* list, std::vector<int>* l) -> Task<void> {
    Obituary a(l, 1), b(l, 2);
    co_await list->Wait();
  };
  tasks.Spawn([&]() -> Task<void> {
    Obituary outer(&log, 0);
    co_await inner(&never, &log);
  });
  executor.Run();
  tasks.Clear();
  EXPECT_EQ(log, (std::vector<int>{2, 1, 0}));
}

TEST_F(TaskSetTest, IsEmptyWhenAllAreFinished) {
  Executor executor;
  TaskSet tasks;
  EXPECT_TRUE(tasks.empty());
  for (int i = 0; i < 3; ++i) tasks.Spawn(YieldValue, i);
  EXPECT_FALSE(tasks.empty());
  executor.Run();
  EXPECT_TRUE(tasks.empty());
}

TEST_F(TaskSetTest, SpawnStoresCallableAndArgumentsByValue) {
  Executor executor;
  TaskSet tasks;
  int sum = 0;
  {
    std::string text = "a text long enough to live on the heap, surely";
    auto pointer = std::make_unique<int>(7);
    // The closure dies right after Spawn; the task has its own.
    tasks.Spawn([&sum, text, c = Counted(1)]() -> Task<void> {
      for (int i = 0; i < 3; ++i) co_await Yield();
      sum += static_cast<int>(text.size()) + c.value;
    });
    tasks.Spawn(
        [](int* total, std::unique_ptr<int> p, Counted c) -> Task<void> {
          co_await Yield();
          *total += *p + c.value;
        },
        &sum, std::move(pointer), Counted(2));
    text.assign(text.size(), 'x');
  }
  EXPECT_EQ(Counted::live, 2);
  executor.Run();
  EXPECT_EQ(sum, 46 + 1 + 7 + 2);
  EXPECT_EQ(Counted::live, 0);
}

TEST_F(TaskSetTest, TaskSpawnsIntoItsOwnSet) {
  Executor executor;
  TaskSet tasks;
  int runs = 0;
  auto child = [](int* count) -> Task<void> {
    ++*count;
    co_return;
  };
  tasks.Spawn([&]() -> Task<void> {
    for (int i = 0; i < 10; ++i) tasks.Spawn(child, &runs);
    EXPECT_EQ(runs, 0);
    co_await Yield();
    EXPECT_EQ(runs, 10);
  });
  executor.Run();
  EXPECT_TRUE(tasks.empty());
}

TEST_F(TaskSetTest, ExceptionGoesToTheHandlerAndEndsOnlyItsTask) {
  Executor executor;
  std::vector<std::string> texts;
  bool other = false;
  TaskSet tasks([&](absl::string_view what) { texts.emplace_back(what); });
  JoinHandle failed = tasks.Spawn(Throw, true);
  JoinHandle odd = tasks.Spawn([]() -> Task<void> {
    throw 42;
    co_return;
  });
  tasks.Spawn([&]() -> Task<void> {
    for (int i = 0; i < 5; ++i) co_await Yield();
    absl::Status status = co_await failed.Join();
    EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
    EXPECT_NE(status.message().find("thrown on purpose"), std::string::npos);
    other = true;
  });
  executor.Run();
  EXPECT_TRUE(other);
  EXPECT_TRUE(odd.is_finished());
  ASSERT_EQ(texts.size(), 2u);
  std::sort(texts.begin(), texts.end());
  EXPECT_NE(texts[0].find("unknown type"), std::string::npos);
  EXPECT_EQ(texts[1], "thrown on purpose");
}

TEST(CoroDeathTest, ExceptionWithoutHandlerEndsTheProgram) {
  EXPECT_DEATH(
      {
        Executor executor;
        TaskSet tasks;
        tasks.Spawn(Throw, false);
        executor.Run();
      },
      "thrown on purpose");
}

// What Join gives while tasks run to their end.
absl::Status JoinNow(Executor* executor, JoinHandle* handle) {
  TaskSet tasks;
  absl::Status status = absl::UnknownError("Join did not return");
  tasks.Spawn([&]() -> Task<void> { status = co_await handle->Join(); });
  executor->Run();
  return status;
}

Task<absl::Status> ReturnStatus(absl::Status status) {
  co_await Yield();
  co_return status;
}

TEST_F(JoinTest, GivesWhatTheTaskReturned) {
  Executor executor;
  TaskSet tasks;
  JoinHandle nothing = tasks.Spawn(Nothing);
  JoinHandle value = tasks.Spawn(YieldValue, 5);
  JoinHandle bad = tasks.Spawn(ReturnStatus, absl::DataLossError("bits"));
  EXPECT_FALSE(bad.is_finished());
  EXPECT_EQ(JoinNow(&executor, &bad), absl::DataLossError("bits"));
  EXPECT_TRUE(bad.is_finished());
  EXPECT_EQ(JoinNow(&executor, &bad), absl::DataLossError("bits"));  // again
  EXPECT_EQ(JoinNow(&executor, &nothing), absl::OkStatus());
  EXPECT_EQ(JoinNow(&executor, &value), absl::OkStatus());
}

TEST_F(JoinTest, WakesEveryoneWhoWaits) {
  Executor executor;
  WaitList go;
  TaskSet tasks;
  int joined = 0;
  JoinHandle job = tasks.Spawn([&]() -> Task<void> { co_await go.Wait(); });
  for (int i = 0; i < 3; ++i) {
    tasks.Spawn([&]() -> Task<void> {
      EXPECT_EQ(co_await job.Join(), absl::OkStatus());
      ++joined;
    });
  }
  executor.Run();
  EXPECT_EQ(joined, 0);
  go.WakeAll();
  executor.Run();
  EXPECT_EQ(joined, 3);
}

TEST_F(JoinTest, CancelledWhenTheTaskWasDestroyed) {
  Executor executor;
  WaitList never;
  JoinHandle started, unstarted, waited;
  TaskSet waiters;
  absl::Status status;
  {
    TaskSet tasks;
    started = tasks.Spawn(Forever, &never);
    waited = tasks.Spawn(Forever, &never);
    executor.Run();
    unstarted = tasks.Spawn(Forever, &never);
    waiters.Spawn([&]() -> Task<void> { status = co_await waited.Join(); });
    executor.Run(1);
  }
  EXPECT_TRUE(started.is_finished());
  EXPECT_TRUE(absl::IsCancelled(JoinNow(&executor, &started)));
  EXPECT_TRUE(absl::IsCancelled(JoinNow(&executor, &unstarted)));
  executor.Run();
  EXPECT_TRUE(absl::IsCancelled(status)) << status;
}

TEST_F(JoinTest, AbortDestroysTheTaskNow) {
  Executor executor;
  WaitList never;
  TaskSet tasks;
  std::vector<int> log;
  JoinHandle job = tasks.Spawn([&]() -> Task<void> {
    Obituary obituary(&log, 1);
    co_await never.Wait();
  });
  JoinHandle other = tasks.Spawn(Forever, &never);
  JoinHandle done = tasks.Spawn(ReturnStatus, absl::DataLossError("bits"));
  executor.Run();
  job.Abort();
  EXPECT_EQ(log, (std::vector<int>{1}));
  EXPECT_TRUE(job.is_finished());
  EXPECT_FALSE(other.is_finished());
  job.Abort();  // changes nothing
  EXPECT_TRUE(absl::IsCancelled(JoinNow(&executor, &job)));
  done.Abort();  // a finished task keeps its result
  EXPECT_EQ(JoinNow(&executor, &done), absl::DataLossError("bits"));
  JoinHandle young = tasks.Spawn(Forever, &never);
  young.Abort();  // before it ran
  EXPECT_EQ(executor.Run(), 0u);
  EXPECT_TRUE(absl::IsCancelled(JoinNow(&executor, &young)));
  EXPECT_FALSE(tasks.empty());
  other.Abort();
  EXPECT_TRUE(tasks.empty());
}

TEST_F(JoinTest, HandleMayMoveOrDie) {
  Executor executor;
  TaskSet tasks;
  int runs = 0;
  auto count = [](int* total) -> Task<void> {
    co_await Yield();
    ++*total;
  };
  { JoinHandle dropped = tasks.Spawn(count, &runs); }
  JoinHandle a = tasks.Spawn(count, &runs);
  JoinHandle b = std::move(a);
  std::vector<JoinHandle> handles;
  for (int i = 0; i < 100; ++i) handles.push_back(tasks.Spawn(count, &runs));
  handles[3] = std::move(b);  // what handle 3 stood for goes on
  executor.Run();
  EXPECT_EQ(runs, 102);
  for (JoinHandle& handle : handles) EXPECT_TRUE(handle.is_finished());
}

}  // namespace
}  // namespace moonpool
