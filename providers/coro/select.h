// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Select: runs two tasks until the first is done; the other one is destroyed
// at the end of the full expression.
//
//   size_t winner = co_await Select(conn.Read(&reply), token.Cancelled());
//
// The first argument starts first and wins a tie. Results are fetched through
// references, so tasks that return values write them to an out parameter, or
// Time::Timeout (providers/time.h) is what is wanted.
#ifndef MOONPOOL_PROVIDERS_CORO_SELECT_H_
#define MOONPOOL_PROVIDERS_CORO_SELECT_H_

#include <coroutine>
#include <cstddef>

#include "providers/coro/task.h"

namespace moonpool {

namespace internal {
class SelectAwaiter {
 public:
  SelectAwaiter(Task<void>* first, Task<void>* second)
      : first_(first), second_(second) {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle) {
    node_.Arm(handle);
    first_->StartFor(&node_).resume();
    if (!first_->is_done()) second_->StartFor(&node_).resume();
  }
  // The index of the winner; rethrows what it threw.
  size_t await_resume() {
    Task<void>* winner = first_->is_done() ? first_ : second_;
    winner->Take();
    return winner == first_ ? 0 : 1;
  }

 private:
  Task<void>* first_;
  Task<void>* second_;
  ReadyNode node_;
};
}  // namespace internal

inline internal::SelectAwaiter Select(
    Task<void>&& first [[clang::lifetimebound]],
    Task<void>&& second [[clang::lifetimebound]]) {
  return internal::SelectAwaiter(&first, &second);
}

}  // namespace moonpool

#endif  // MOONPOOL_PROVIDERS_CORO_SELECT_H_
