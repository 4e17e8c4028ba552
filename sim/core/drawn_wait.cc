// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/core/drawn_wait.h"

#include <algorithm>

#include "providers/base/check.h"
#include "sim/core/world.h"

namespace moonpool {
namespace {
constexpr uint64_t kScalesOfSoon = 7;
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
  return rest.least_ns +
         ((rest.ns - rest.least_ns) >> world_->soon_.Below(kScalesOfSoon));
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
