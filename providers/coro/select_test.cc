// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: the first to finish wins, and the losers are gone.
#include <gtest/gtest.h>

#include <stdexcept>
#include <utility>
#include <vector>

#include "providers/coro/select.h"
#include "providers/coro/task.h"
#include "providers/coro/task_set.h"
#include "providers/coro/testing_coro.h"
#include "providers/coro/wait_list.h"

namespace moonpool {
namespace {

using SelectTest = CoroFixture;


TEST_F(SelectTest, TheFirstToFinishWinsAndTheLoserIsDestroyed) {
  Executor executor;
  TaskSet tasks;
  std::vector<int> log;
  std::vector<size_t> winners;
  tasks.Spawn([&]() -> Task<void> {
    for (auto [a, b] : {std::pair(3, 1), std::pair(1, 3), std::pair(0, 2)}) {
      log.clear();
      winners.push_back(co_await Select(Steps(a, Counted(), &log, 0),
                                        Steps(b, Counted(), &log, 1)));
      EXPECT_EQ(Counted::live, 0);  // both gone at the end of the expression
      EXPECT_EQ(LiveFrames(), 2u);
    }
  });
  executor.Run();
  EXPECT_EQ(winners, (std::vector<size_t>{1, 0, 0}));
}

TEST_F(SelectTest, TieGoesToTheFirstArgument) {
  Executor executor;
  TaskSet tasks;
  size_t winner = 9;
  bool second_ran = false;
  WaitList a, b;
  auto wait = [](WaitList* list) -> Task<void> { co_await list->Wait(); };
  auto mark = [](bool* flag) -> Task<void> {
    *flag = true;
    co_return;
  };
  tasks.Spawn([&]() -> Task<void> {
    winner = co_await Select(Nothing(), mark(&second_ran));
  });
  executor.Run();
  EXPECT_EQ(winner, 0u);
  EXPECT_FALSE(second_ran);  // not even started
  winner = 9;
  tasks.Spawn(
      [&]() -> Task<void> { winner = co_await Select(wait(&a), wait(&b)); });
  executor.Run();
  b.WakeAll();  // both finish before the selector runs
  a.WakeAll();
  executor.Run();
  EXPECT_EQ(winner, 0u);
}

TEST_F(SelectTest, RethrowsWhatTheWinnerThrew) {
  Executor executor;
  TaskSet tasks;
  WaitList never;
  int caught = 0;
  auto fail = [](bool yield) -> Task<void> { (void)co_await Throw(yield); };
  tasks.Spawn([&]() -> Task<void> {
    for (bool yield : {false, true}) {
      try {
        co_await Select(Forever(&never), fail(yield));
      } catch (const std::runtime_error&) {
        ++caught;
      }
    }
    // The loser's exception has nobody to go to.
    EXPECT_EQ(co_await Select(Nothing(), fail(false)), 0u);
  });
  executor.Run();
  EXPECT_EQ(caught, 2);
}

TEST_F(SelectTest, Nests) {
  Executor executor;
  TaskSet tasks;
  WaitList never, go;
  size_t inner = 9, outer = 9;
  auto nested = [&]() -> Task<void> {
    auto wait = [](WaitList* list) -> Task<void> { co_await list->Wait(); };
    inner = co_await Select(Forever(&never), wait(&go));
  };
  tasks.Spawn([&]() -> Task<void> {
    outer = co_await Select(nested(), Forever(&never));
  });
  executor.Run();
  go.WakeAll();
  executor.Run();
  EXPECT_EQ(inner, 1u);
  EXPECT_EQ(outer, 0u);
  EXPECT_TRUE(never.empty());
}

}  // namespace
}  // namespace moonpool
