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
  world_->Schedule(*this, DrawRest(0));
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

void DrawnWait::Redraw(bool soon) {
  int64_t rest_ns = DrawRest(world_->now_ns() - begin_ns_);
  if (soon) rest_ns >>= world_->soon_.Below(kScalesOfSoon);
  world_->Cancel(*this);
  world_->Schedule(*this, rest_ns);
}

void DrawnWait::Unlink() {
  (previous_ != nullptr ? previous_->next_ : world_->first_wait_) = next_;
  (next_ != nullptr ? next_->previous_ : world_->last_wait_) = previous_;
  previous_ = next_ = nullptr;
}

int64_t DrawUniformRestNs(Random& random, absl::Duration low,
                          absl::Duration high, int64_t elapsed_ns) {
  const int64_t low_ns = absl::ToInt64Nanoseconds(low);
  const int64_t high_ns = absl::ToInt64Nanoseconds(high);
  return random.Range(std::max(low_ns, elapsed_ns),
                      std::max(high_ns, elapsed_ns)) -
         elapsed_ns;
}

}  // namespace moonpool
