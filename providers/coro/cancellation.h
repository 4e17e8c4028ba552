// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// CancellationToken: a request to stop that a task may look at or wait for.
// It asks; it never destroys. Copies share one state.
//
//   while (!token.is_cancelled()) { ... }
//   co_await token.Cancelled();
#ifndef MOONPOOL_PROVIDERS_CORO_CANCELLATION_H_
#define MOONPOOL_PROVIDERS_CORO_CANCELLATION_H_

#include <memory>
#include <utility>

#include "providers/coro/task.h"
#include "providers/coro/wait_list.h"

namespace moonpool {

class CancellationToken {
 public:
  bool is_cancelled() const { return state_->cancelled; }
  // Returns as soon as cancellation is requested.
  Task<void> Cancelled() const;

 private:
  friend class CancellationSource;
  struct State {
    bool cancelled = false;
    WaitList waiters;
  };
  explicit CancellationToken(std::shared_ptr<State> state)
      : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

// The side that requests. Cancelling twice changes nothing.
class CancellationSource {
 public:
  CancellationSource()
      : token_(std::make_shared<CancellationToken::State>()) {}
  const CancellationToken& token() const { return token_; }
  void Cancel() {
    token_.state_->cancelled = true;
    token_.state_->waiters.WakeAll();
  }

 private:
  CancellationToken token_;
};

}  // namespace moonpool

#endif  // MOONPOOL_PROVIDERS_CORO_CANCELLATION_H_
