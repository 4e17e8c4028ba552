// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The observer of a problem: one per run, of a type of the problem's own, that
// its processes and workloads report to and that holds the properties. It lives
// in the run's state, so a process that crashes does not take it along.
//
//   ObserverOf<Observer>(ctx).OnLearnt(node, value);
//   const auto all_learnt = [&] { return observer.all_learnt(); };
//   const bool is_done = co_await PollUntil(ctx, kQuietPatience, all_learnt);
//
// Determinism: draws nothing, sends nothing; PollUntil sets timers.
#ifndef MOONPOOL_EXPLORER_PROBLEMS_OBSERVER_H_
#define MOONPOOL_EXPLORER_PROBLEMS_OBSERVER_H_

#include <memory>

#include "absl/time/time.h"
#include "providers/coro/task.h"
#include "sim/runner/context.h"

namespace moonpool::problems {

// Made by who asks first.
// Lifetime: the reference holds to the end of the run.
template <typename Observer>
Observer& ObserverOf(SimContext& ctx) {
  using Shared = std::shared_ptr<Observer>;
  constexpr char kKey[] = "observer";
  if (const Shared* known = ctx.state().Get<Shared>(kKey)) return **known;
  auto observer = std::make_shared<Observer>();
  ctx.state().Publish<Shared>(kKey, observer);
  return *observer;
}

// Asks again and again until the condition holds, and returns true, or false if
// it does not before patience is over.
template <typename Condition>
Task<bool> PollUntil(SimContext& ctx, absl::Duration patience,
                     Condition condition) {
  constexpr absl::Duration kPoll = absl::Milliseconds(10);
  const absl::Duration end = ctx.time().Now() + patience;
  while (!condition() && ctx.time().Now() < end) {
    co_await ctx.time().Sleep(kPoll);
  }
  co_return condition();
}

}  // namespace moonpool::problems

#endif  // MOONPOOL_EXPLORER_PROBLEMS_OBSERVER_H_
