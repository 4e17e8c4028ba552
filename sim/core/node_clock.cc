// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/core/node_clock.h"

#include <limits>

#include "providers/base/check.h"
#include "providers/base/hash.h"

namespace moonpool {
namespace {

constexpr int64_t kMillion = 1000000;

// u^1000 of a uniform 64-bit fraction, in units of 2^-64; integer only, so
// that it is the same on every machine.
uint64_t ThousandthPower(uint64_t u) {
  const auto times = [](uint64_t a, uint64_t b) {
    return static_cast<uint64_t>((static_cast<unsigned __int128>(a) * b) >> 64);
  };
  uint64_t power = ~uint64_t{0};
  for (int bit = 9; bit >= 0; --bit) {
    power = times(power, power);
    if ((1000 >> bit & 1) != 0) power = times(power, u);
  }
  return power;
}

}  // namespace

NodeClock::NodeClock(World* world, absl::string_view ip)
    : world_(world),
      ip_(ip),
      random_(&world->random(), "clock", HashBytes(ip), StreamKind::kFaults),
      base_world_ns_(world->now_ns()),
      base_local_ns_(world->now_ns()) {}

int64_t NodeClock::Scaled(int64_t elapsed) const {
  return static_cast<int64_t>(static_cast<__int128>(elapsed) *
                              (kMillion + rate_ppm_) / kMillion);
}

absl::Time NodeClock::WallNow() const {
  return absl::FromUnixSeconds(kCalendarStartSeconds) +
         absl::Nanoseconds(NowNs() + wall_offset_ns_);
}

void NodeClock::Rebase() {
  base_local_ns_ = NowNs();
  base_world_ns_ = world_->now_ns();
  ++epoch_;
}

void NodeClock::SetRateErrorPpm(int64_t ppm) {
  CHECK(-kMaxRatePpm <= ppm && ppm <= kMaxRatePpm)
      << "a clock's rate error of " << ppm << " ppm";
  if (ppm == rate_ppm_) return;
  Rebase();
  rate_ppm_ = ppm;
  if (ppm != 0) world_->Fault(FaultFamily::kClockDrift, ip_, "clock drifts");
}

void NodeClock::StepWall(absl::Duration step) {
  wall_offset_ns_ += absl::ToInt64Nanoseconds(step);
  world_->Fault(FaultFamily::kClockStep, ip_, "calendar steps");
}

absl::Duration NodeClock::wall_offset() const {
  return absl::Nanoseconds(wall_offset_ns_);
}

void NodeClock::StepMonotonic(absl::Duration step) {
  CHECK(step >= absl::ZeroDuration()) << "monotonic time never goes back";
  Rebase();
  base_local_ns_ += absl::ToInt64Nanoseconds(step);
  world_->Fault(FaultFamily::kClockStep, ip_, "clock jumps forward");
}

void NodeClock::Heal() {
  if (rate_ppm_ != 0) {
    Rebase();
    rate_ppm_ = 0;
  }
  wall_offset_ns_ = 0;
  delays_ = DelayFaults();
}

int64_t NodeClock::DisturbedDelayNs(int64_t delay_ns) {
  if (delay_ns < 0) delay_ns = 0;
  constexpr int64_t kLongest = std::numeric_limits<int64_t>::max() / 4;
  if (delay_ns > kLongest) return delay_ns;
  if (!is_perfect()) {
    const int64_t rate = kMillion + rate_ppm_;
    delay_ns = static_cast<int64_t>(
        (static_cast<__int128>(delay_ns) * kMillion + rate - 1) / rate);
  }
  if (delays_.chance.num != 0) delay_ns += DrawExtraNs();
  return delay_ns;
}

int64_t NodeClock::DrawExtraNs() {
  if (!random_.Chance(delays_.chance)) return 0;
  const auto max = static_cast<uint64_t>(absl::ToInt64Nanoseconds(delays_.max));
  const auto extra = static_cast<int64_t>(
      (static_cast<unsigned __int128>(ThousandthPower(random_.Next())) * max) >>
      64);
  if (extra > 0) {
    world_->Fault(FaultFamily::kBuggifiedDelay, ip_, "timer is late");
  }
  return extra;
}

}  // namespace moonpool
