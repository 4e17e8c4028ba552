// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: the coroutine primitives keep their promises when they run to the end
// and when they are destroyed half-way, as a simulated crash does. Method: a
// minimal executor, counted objects, and for every primitive the
// destroy-at-every-suspension harness at the end of this file.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "providers/coro/cancellation.h"
#include "providers/coro/ready_queue.h"
#include "providers/coro/select.h"
#include "providers/coro/task.h"
#include "providers/coro/task_set.h"
#include "providers/coro/wait_list.h"

namespace moonpool {
namespace {

// First in, first out, until nothing is ready.
struct Executor {
  size_t Run(size_t limit = ~size_t{0}) {
    size_t steps = 0;
    for (; steps < limit && !queue.empty(); ++steps) queue.RunAt(0);
    return steps;
  }
  ReadyQueue queue;
  ReadyQueue::Scope scope{queue};
};

// Counts its instances; every copy is one.
struct Counted {
  explicit Counted(int v = 0) : value(v) { ++live; }
  Counted(const Counted& other) : value(other.value) { ++live; }
  Counted(Counted&& other) noexcept : value(other.value) { ++live; }
  Counted& operator=(const Counted&) = default;
  ~Counted() { --live; }
  int value;
  static inline int live = 0;
};

// Writes down when it is destroyed.
struct Obituary {
  Obituary(std::vector<int>* l, int i) : log(l), id(i) {}
  Obituary(const Obituary&) = delete;
  ~Obituary() { log->push_back(id); }
  std::vector<int>* log;
  int id;
};

class Coro : public testing::Test {
 protected:
  void TearDown() override {
    EXPECT_EQ(LiveFrames(), 0u);
    EXPECT_EQ(Counted::live, 0);
  }
};
using TaskTest = Coro;
using TaskSetTest = Coro;
using JoinTest = Coro;
using SelectTest = Coro;
using YieldTest = Coro;
using WaitListTest = Coro;
using CancellationTest = Coro;
using ReadyQueueTest = Coro;
using DestroyTest = Coro;

// --- Task -----------------------------------------------------------------

Task<int> Value(int value) { co_return value; }
Task<int> YieldValue(int value) {
  co_await Yield();
  co_return value;
}
Task<void> Nothing() { co_return; }
Task<void> Forever(WaitList* never) {
  for (;;) co_await never->Wait();
}
Task<int> Throw(bool yield_first) {
  Counted local;
  if (yield_first) co_await Yield();
  throw std::runtime_error("thrown on purpose");
}

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

// --- TaskSet --------------------------------------------------------------

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

// --- JoinHandle -----------------------------------------------------------

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

// --- Select ---------------------------------------------------------------

Task<void> Steps(int count, Counted, std::vector<int>* log, int id) {
  Obituary obituary(log, id);
  for (int i = 0; i < count; ++i) co_await Yield();
}

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

// --- Yield, WaitList, CancellationToken -----------------------------------

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

// --- ReadyQueue -----------------------------------------------------------

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

// --- Destroyed at every suspension ----------------------------------------

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
