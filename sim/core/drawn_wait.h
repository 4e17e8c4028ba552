// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// DrawnWait: an event at a moment that is drawn, such as the next fault.
//
// What was drawn long ago would bind every future that branches off meanwhile:
// a search comes back to a promising state, and the next crash is always the
// same one, too late. So when a breakpoint gives the streams of faults a new
// seed, every wait draws its rest again, as it is distributed given the time
// that has passed. As far as faults go, the futures of a place are then those
// of the world as defined, whatever had been in store for it (multilevel
// splitting needs this: Kahn and Harris, 1951).
//
// A breakpoint with kSoon cuts each of these rests to a 2^k-th, k uniform in
// 0 .. 6. Between a promising state and the fault that it takes often lies a
// short moment only, such as that in which a letter is on its way, of a length
// that nobody knows: so all scales get their share.
//
// Determinism: the rests are drawn before the next draw after the breakpoint,
// in the order in which the waits began.
#ifndef MOONPOOL_SIM_CORE_DRAWN_WAIT_H_
#define MOONPOOL_SIM_CORE_DRAWN_WAIT_H_

#include <coroutine>
#include <cstdint>

#include "absl/time/time.h"
#include "providers/coro/ready_queue.h"
#include "providers/random.h"
#include "providers/time.h"

namespace moonpool {

class World;

class DrawnWait : public TimedEvent {
 public:
  bool is_waiting() const { return is_scheduled(); }

 protected:
  // Lifetime: the world outlives the wait.
  explicit DrawnWait(World* world) : world_(world) {}
  ~DrawnWait() { Stop(); }

  // REQUIRES: not waiting.
  void Start();
  void Stop();
  // How long it is to last still, in nanoseconds, if it has lasted for
  // elapsed_ns: from a stream of kind kFaults.
  virtual int64_t DrawRest(int64_t elapsed_ns) = 0;
  // It is over; may start it again, or destroy it.
  virtual void OnEnd() = 0;

 private:
  friend class World;
  void Fire() final;
  void Redraw(bool soon);
  void Unlink();

  World* world_;
  int64_t begin_ns_ = 0;
  // In the world's list of those that wait, in the order of their beginnings.
  DrawnWait* previous_ = nullptr;
  DrawnWait* next_ = nullptr;
};

// The rest of a wait between low and high, uniform, after elapsed_ns of it.
// REQUIRES: low <= high. One draw.
int64_t DrawUniformRestNs(Random& random, absl::Duration low,
                          absl::Duration high, int64_t elapsed_ns);

// co_await DrawnSleep(world, random, low, high): sleeps between low and high.
class [[nodiscard]] DrawnSleep final : private DrawnWait {
 public:
  // Lifetime: all outlive the expression. REQUIRES: 0 <= low <= high, and a
  // stream of kind kFaults.
  DrawnSleep(World* world, Random* random, absl::Duration low,
             absl::Duration high)
      : DrawnWait(world), random_(random), low_(low), high_(high) {}

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle) {
    node_.Arm(handle);
    Start();
  }
  void await_resume() const noexcept {}

 private:
  int64_t DrawRest(int64_t elapsed_ns) override {
    return DrawUniformRestNs(*random_, low_, high_, elapsed_ns);
  }
  void OnEnd() override { node_.Wake(); }

  Random* random_;
  const absl::Duration low_;
  const absl::Duration high_;
  ReadyNode node_;
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_CORE_DRAWN_WAIT_H_
