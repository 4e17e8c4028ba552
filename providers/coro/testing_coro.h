// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// What tests of the coroutine primitives share: a minimal executor, counted
// objects, and tasks to try things on.
#ifndef MOONPOOL_PROVIDERS_CORO_TESTING_CORO_H_
#define MOONPOOL_PROVIDERS_CORO_TESTING_CORO_H_

#include <gtest/gtest.h>

#include <stdexcept>
#include <vector>

#include "providers/coro/ready_queue.h"
#include "providers/coro/task.h"
#include "providers/coro/wait_list.h"

namespace moonpool {

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

// Nothing is left of a test's coroutines.
class CoroFixture : public testing::Test {
 protected:
  void TearDown() override {
    EXPECT_EQ(LiveFrames(), 0u);
    EXPECT_EQ(Counted::live, 0);
  }
};

inline Task<int> YieldValue(int value) {
  co_await Yield();
  co_return value;
}
inline Task<void> Nothing() { co_return; }
inline Task<void> Forever(WaitList* never) {
  for (;;) co_await never->Wait();
}
inline Task<int> Throw(bool yield_first) {
  Counted local;
  if (yield_first) co_await Yield();
  throw std::runtime_error("thrown on purpose");
}

inline Task<void> Steps(int count, Counted, std::vector<int>* log, int id) {
  Obituary obituary(log, id);
  for (int i = 0; i < count; ++i) co_await Yield();
}

}  // namespace moonpool

#endif  // MOONPOOL_PROVIDERS_CORO_TESTING_CORO_H_
