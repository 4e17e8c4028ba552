// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// NodeClock: the clock of one machine, off by a rate error, an offset and
// steps. It belongs to the machine and survives its processes. Monotonic time
// never goes back; the calendar may step.
//
// Perfect until told otherwise: local time is the world's time and costs a
// branch.
//
// Law: with rate error r ppm, d of local time pass in d / (1 + r/10^6) of the
// world's. A timer set before a change of rate still takes its whole delay of
// local time (Time re-arms it when the epoch has changed).
#ifndef MOONPOOL_SIM_CORE_NODE_CLOCK_H_
#define MOONPOOL_SIM_CORE_NODE_CLOCK_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "sim/core/rng.h"
#include "sim/core/world.h"

namespace moonpool {

// Late timers: with `chance`, a sleep takes up to max longer; mostly far less,
// since the extra time is max * u^1000 for a uniform u (after FoundationDB).
struct DelayFaults {
  Ratio chance = {0, 1};
  absl::Duration max;
};

class NodeClock {
 public:
  static constexpr int64_t kMaxRatePpm = 500000;

  NodeClock(World* world, absl::string_view ip);
  NodeClock(const NodeClock&) = delete;

  // Local monotonic nanoseconds. It starts at the world's time.
  int64_t NowNs() const {
    const int64_t elapsed = world_->now_ns() - base_world_ns_;
    return base_local_ns_ + (is_perfect() ? elapsed : Scaled(elapsed));
  }
  // The calendar: the world's, plus steps.
  absl::Time WallNow() const;

  // From now on local time runs at (1 + ppm/10^6) of the world's.
  // REQUIRES: |ppm| <= kMaxRatePpm.
  void SetRateErrorPpm(int64_t ppm);
  int64_t rate_error_ppm() const { return rate_ppm_; }
  // Moves the calendar, forward or back.
  void StepWall(absl::Duration step);
  absl::Duration wall_offset() const;
  // Moves monotonic time forward at once. REQUIRES: step >= 0.
  void StepMonotonic(absl::Duration step);
  // Rate error and calendar offset go; what monotonic time has gained stays.
  void Heal();

  void set_delay_faults(const DelayFaults& faults) { delays_ = faults; }

  // The world's nanoseconds until `delay_ns` of local time have passed,
  // rounded up, and late by what the delay faults say.
  int64_t WorldDelayNs(int64_t delay_ns) {
    return is_perfect() && delays_.chance.num == 0 ? delay_ns
                                                   : DisturbedDelayNs(delay_ns);
  }

  // Changes whenever a pending timer's due time may have changed.
  const uint32_t* epoch() const { return &epoch_; }

 private:
  bool is_perfect() const { return rate_ppm_ == 0; }
  int64_t Scaled(int64_t elapsed) const;
  int64_t DisturbedDelayNs(int64_t delay_ns);
  void Rebase();
  int64_t DrawExtraNs();

  World* world_;
  std::string ip_;
  RandomStream random_;
  int64_t rate_ppm_ = 0;
  int64_t base_world_ns_ = 0;  // local time was base_local_ns_ then
  int64_t base_local_ns_ = 0;
  int64_t wall_offset_ns_ = 0;
  DelayFaults delays_;
  uint32_t epoch_ = 0;
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_CORE_NODE_CLOCK_H_
