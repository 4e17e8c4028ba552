// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "providers/coro/cancellation.h"

namespace moonpool {

Task<void> CancellationToken::Cancelled() const {
  std::shared_ptr<State> state = state_;
  while (!state->cancelled) co_await state->waiters.Wait();
}

}  // namespace moonpool
