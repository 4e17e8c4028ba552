// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/core/drawn_wait.h"

#include <algorithm>
#include <bit>
#include <cstdint>

#include "providers/base/check.h"
#include "sim/core/world.h"

namespace moonpool {
namespace {

// A rest is halved up to so often, and a long one until less than a moment is
// left.
constexpr uint64_t kLeastHalvings = 6;
constexpr int64_t kMomentNs = 62'500'000;

uint64_t MostHalvings(int64_t span_ns) {
  return std::max<uint64_t>(
      kLeastHalvings,
      std::bit_width(static_cast<uint64_t>(span_ns / kMomentNs)));
}

}  // namespace

void DrawnWait::Start() {
  CHECK(!is_waiting()) << "a drawn wait is started twice";
  begin_ns_ = world_->now_ns();
  world_->Schedule(*this, DrawRestNs(0));
  previous_ = world_->last_wait_;
  (previous_ != nullptr ? previous_->next_ : world_->first_wait_) = this;
  world_->last_wait_ = this;
}

void DrawnWait::Stop() {
  if (!is_waiting()) return;
  world_->Cancel(*this);
  Unlink();
}

void DrawnWait::Fire() {
  Unlink();
  OnEnd();
}

void DrawnWait::Redraw() {
  const int64_t rest_ns = DrawRestNs(world_->now_ns() - begin_ns_);
  world_->Cancel(*this);
  world_->Schedule(*this, rest_ns);
}

int64_t DrawnWait::DrawRestNs(int64_t elapsed_ns) {
  const Rest rest = DrawRest(elapsed_ns);
  if (!world_->faults_come_soon_) return rest.ns;
  const int64_t span_ns = rest.ns - rest.least_ns;
  CHECK_GE(span_ns, 0) << "a wait has less left than it can";
  return rest.least_ns +
         (span_ns >> world_->soon_.Below(MostHalvings(span_ns) + 1));
}

void DrawnWait::Unlink() {
  (previous_ != nullptr ? previous_->next_ : world_->first_wait_) = next_;
  (next_ != nullptr ? next_->previous_ : world_->last_wait_) = previous_;
  previous_ = next_ = nullptr;
}

DrawnWait::Rest DrawnWait::DrawUniformRest(Random& random,
                                           const DurationRange& range,
                                           int64_t elapsed_ns) {
  const int64_t low_ns =
      std::max(absl::ToInt64Nanoseconds(range.low), elapsed_ns);
  const int64_t high_ns =
      std::max(absl::ToInt64Nanoseconds(range.high), elapsed_ns);
  return {.ns = random.Range(low_ns, high_ns) - elapsed_ns,
          .least_ns = low_ns - elapsed_ns};
}

}  // namespace moonpool
