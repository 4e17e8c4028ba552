// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: a task starts when it is awaited, gives its value or its exception to
// who awaits it, and uses no stack.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>

#include "providers/coro/task.h"
#include "providers/coro/task_set.h"
#include "providers/coro/testing_coro.h"
#include "providers/coro/wait_list.h"

namespace moonpool {
namespace {

using TaskTest = CoroFixture;


Task<int> Value(int value) { co_return value; }

TEST_F(TaskTest, ReturnsValues) {
  Executor executor;
  TaskSet tasks;
  int sum = 0;
  std::unique_ptr<int> pointer;
  tasks.Spawn([&]() -> Task<void> {
    sum = co_await Value(1) + co_await YieldValue(2);
    auto make = [](int v) -> Task<std::unique_ptr<int>> {
      co_return std::make_unique<int>(v);
    };
    pointer = co_await make(3);
    co_await Nothing();
  });
  executor.Run();
  EXPECT_EQ(sum, 3);
  EXPECT_EQ(*pointer, 3);
}

TEST_F(TaskTest, StartsWhenAwaited) {
  Executor executor;
  TaskSet tasks;
  bool started = false;
  auto start = [](bool* flag, Counted) -> Task<void> {
    *flag = true;
    co_return;
  };
  {
    Task<void> task = start(&started, Counted());
    EXPECT_EQ(LiveFrames(), 1u);
    EXPECT_EQ(Counted::live, 1);
  }
  EXPECT_FALSE(started);  // and destroyed with its arguments
  EXPECT_EQ(Counted::live, 0);
  tasks.Spawn(start, &started, Counted());
  EXPECT_FALSE(started);
  executor.Run();
  EXPECT_TRUE(started);
}

TEST_F(TaskTest, ExceptionsPropagateToTheAwaiter) {
  Executor executor;
  TaskSet tasks;
  std::string what;
  int caught = 0;
  auto middle = [](bool yield_first) -> Task<int> {
    Counted local;
    co_return 1 + co_await Throw(yield_first);
  };
  tasks.Spawn([&]() -> Task<void> {
    for (bool yield_first : {false, true}) {
      try {
        (void)co_await middle(yield_first);
      } catch (const std::runtime_error& e) {
        what = e.what();
        ++caught;
      }
      EXPECT_EQ(Counted::live, 0);
    }
  });
  executor.Run();
  EXPECT_EQ(caught, 2);
  EXPECT_EQ(what, "thrown on purpose");
}

[[gnu::noinline]] uintptr_t StackPointer() {
  return reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
}

TEST_F(TaskTest, MillionSynchronousAwaitsUseNoStack) {
  Executor executor;
  TaskSet tasks;
  uintptr_t low = ~uintptr_t{0}, high = 0;
  int64_t sum = 0;
  auto leaf = [&](int i) -> Task<int> {
    low = std::min(low, StackPointer());
    high = std::max(high, StackPointer());
    co_return i & 1;
  };
  tasks.Spawn([&]() -> Task<void> {
    for (int i = 0; i < 1000000; ++i) sum += co_await leaf(i);
  });
  executor.Run();
  EXPECT_EQ(sum, 500000);
  EXPECT_LT(high - low, 4096u);
}

Task<int> Deep(int depth, WaitList* bottom) {
  if (depth == 0) {
    if (bottom != nullptr) co_await bottom->Wait();
    co_return 0;
  }
  co_return 1 + co_await Deep(depth - 1, bottom);
}

TEST_F(TaskTest, TenThousandNestedAwaits) {
  Executor executor;
  WaitList bottom;
  TaskSet tasks;
  int depth = 0;
  tasks.Spawn([&]() -> Task<void> {
    depth += co_await Deep(10000, nullptr);
    depth += co_await Deep(10000, &bottom);
    depth += co_await Deep(10000, &bottom);
  });
  executor.Run();
  EXPECT_EQ(depth, 10000);
  EXPECT_GT(LiveFrames(), 10000u);
  bottom.WakeAll();
  executor.Run();
  EXPECT_EQ(depth, 20000);
  tasks.Clear();  // destroyed at full depth
}

}  // namespace
}  // namespace moonpool
