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
// A breakpoint with kSoon cuts each of these rests to a 2^k-th, k uniform from
// 0 to 6, or to as many as leave less than 1/16 s, and likewise all waits that
// begin later, until the next breakpoint for faults. Between a promising state
// and the fault that it takes often lies a short moment only, such as that in
// which a letter is on its way, of a length that nobody knows: so all scales
// get their share. And a bug may take a crash, a quick return and a second
// crash. What is cut is what a wait lasts beyond the least that it can: so
// whatever comes of haste may also come of chance.
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

// Uniform between low and high, both included. A Duration alone is for sure.
struct DurationRange {
  DurationRange(absl::Duration only)  // NOLINT: converts
      : low(only), high(only) {}
  DurationRange(absl::Duration low, absl::Duration high)
      : low(low), high(high) {}
  absl::Duration low;
  absl::Duration high;
};

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
  // How long it is to last still, in nanoseconds, and the least that could have
  // been drawn: 0 <= least_ns <= ns.
  struct Rest {
    int64_t ns;
    int64_t least_ns;
  };
  // If it has lasted for elapsed_ns: from a stream of kind kFaults.
  virtual Rest DrawRest(int64_t elapsed_ns) = 0;
  // The rest of a wait of this range. REQUIRES: low <= high. One draw.
  static Rest DrawUniformRest(Random& random, const DurationRange& range,
                              int64_t elapsed_ns);
  // It is over; may start it again, or destroy it.
  virtual void OnEnd() = 0;

 private:
  friend class World;
  void Fire() final;
  void Redraw();
  // With the haste of the last breakpoint.
  int64_t DrawRestNs(int64_t elapsed_ns);
  void Unlink();

  World* world_;
  int64_t begin_ns_ = 0;
  // In the world's list of those that wait, in the order of their beginnings.
  DrawnWait* previous_ = nullptr;
  DrawnWait* next_ = nullptr;
};

// co_await DrawnSleep(world, random, range): sleeps for so long.
class [[nodiscard]] DrawnSleep final : private DrawnWait {
 public:
  // Lifetime: all outlive the expression. REQUIRES: 0 <= low <= high, and a
  // stream of kind kFaults.
  DrawnSleep(World* world, Random* random, const DurationRange& range)
      : DrawnWait(world), random_(random), range_(range) {}

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle) {
    node_.Arm(handle);
    Start();
  }
  void await_resume() const noexcept {}

 private:
  Rest DrawRest(int64_t elapsed_ns) override {
    return DrawUniformRest(*random_, range_, elapsed_ns);
  }
  void OnEnd() override { node_.Wake(); }

  Random* random_;
  const DurationRange range_;
  ReadyNode node_;
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_CORE_DRAWN_WAIT_H_
