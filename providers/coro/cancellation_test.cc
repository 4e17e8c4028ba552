// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: cancelling wakes whoever waits for it, now or later, and nobody else.
#include <gtest/gtest.h>

#include <memory>

#include "providers/coro/cancellation.h"
#include "providers/coro/task.h"
#include "providers/coro/task_set.h"
#include "providers/coro/testing_coro.h"

namespace moonpool {
namespace {

using CancellationTest = CoroFixture;


TEST_F(CancellationTest, WakesWhoeverWaitsAndStaysCancelled) {
  Executor executor;
  TaskSet tasks;
  auto source = std::make_unique<CancellationSource>();
  CancellationToken token = source->token();
  int woken = 0;
  for (int i = 0; i < 3; ++i) {
    tasks.Spawn([token, &woken]() -> Task<void> {
      co_await token.Cancelled();
      EXPECT_TRUE(token.is_cancelled());
      ++woken;
    });
  }
  executor.Run();
  EXPECT_FALSE(token.is_cancelled());
  EXPECT_EQ(woken, 0);
  source->Cancel();
  source->Cancel();
  source.reset();  // the token keeps the state
  executor.Run();
  EXPECT_EQ(woken, 3);
  tasks.Spawn([token, &woken]() -> Task<void> {
    co_await token.Cancelled();  // at once
    ++woken;
  });
  EXPECT_EQ(executor.Run(), 1u);
  EXPECT_EQ(woken, 4);
}

TEST_F(CancellationTest, SourceMayDieUnused) {
  Executor executor;
  TaskSet tasks;
  {
    CancellationSource source;
    tasks.Spawn([token = source.token()]() -> Task<void> {
      co_await token.Cancelled();
    });
    executor.Run();
  }
  EXPECT_EQ(executor.Run(), 0u);
  EXPECT_FALSE(tasks.empty());
}

}  // namespace
}  // namespace moonpool
