// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Tasks: concurrency within one process. A spawned task belongs to the process
// that spawned it and dies with it.
#ifndef MOONPOOL_PROVIDERS_TASKS_H_
#define MOONPOOL_PROVIDERS_TASKS_H_

#include <utility>

#include "providers/coro/task_set.h"

namespace moonpool {

class Tasks {
 public:
  virtual ~Tasks() = default;
  // See TaskSet::Spawn: callable and arguments are stored by value.
  template <typename Function, typename... Args>
  JoinHandle Spawn(Function function, Args... args) {
    return set().Spawn(std::move(function), std::move(args)...);
  }
  // The same; name, a literal, shows when the task does not end.
  template <typename Function, typename... Args>
  JoinHandle SpawnNamed(const char* name, Function function, Args... args) {
    return set().SpawnNamed(name, std::move(function), std::move(args)...);
  }
  // co_await tasks.YieldNow(): back to the ready tasks; which of them runs next
  // is the executor's choice, this one included.
  Yield YieldNow() { return Yield(); }

 protected:
  virtual TaskSet& set() = 0;
};

}  // namespace moonpool

#endif  // MOONPOOL_PROVIDERS_TASKS_H_
