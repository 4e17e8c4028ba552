// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/core/rng.h"

#include <utility>

#include "providers/base/check.h"

namespace moonpool {

void RandomSource::SetBreakpoints(std::vector<Breakpoint> breakpoints) {
  CHECK(!has_pending_breakpoints()) << "a recipe is already being replayed";
  breakpoints_ = std::move(breakpoints);
  next_breakpoint_ = 0;
  ArmNextBreak();
}

void RandomSource::ArmNextBreak() {
  next_break_ = next_breakpoint_ < breakpoints_.size()
                    ? breakpoints_[next_breakpoint_].count
                    : kNever;
}

void RandomSource::AtBreak() {
  CHECK(!forbidden_) << "a random draw while a process is being destroyed: "
                        "destructors in tasks must not draw";
  if (TraceListener* listener = trace_->listener()) {
    listener->OnWord({.kind = TraceListener::Kind::kDraw,
                      .words = {},
                      .hash = trace_->value(),
                      .type = nullptr});
  }
  // A loop, because zero-draw segments chain: 5@A -> 0@B.
  while (count_ >= next_break_) {
    CHECK_EQ(count_, next_break_) << "a breakpoint lies in the past";
    seed_ = breakpoints_[next_breakpoint_++].seed;
    ++epoch_;
    count_ = 0;
    ArmNextBreak();
  }
}

void RandomSource::OnFixedDraw(uint64_t value) {
  if (TraceListener* listener = trace_->listener()) {
    listener->OnWord({.kind = TraceListener::Kind::kFixedDraw,
                      .words = {value, 0, 0},
                      .hash = trace_->value(),
                      .type = nullptr});
  }
}

void RandomSource::Reseed(uint64_t seed) {
  CHECK(!has_pending_breakpoints()) << "cannot branch inside a replay";
  seed_ = seed;
  ++epoch_;
  count_ = 0;
}

RandomStream::RandomStream(RandomSource* source, absl::string_view name,
                           uint64_t entity, Kind kind)
    : source_(source),
      name_hash_(Combine64(HashBytes(name), entity)),
      kind_(kind) {
  if (kind_ == Kind::kFixed) {
    key_ = Combine64(source_->root_seed(), name_hash_);
  }
}

void RandomStream::Rekey() {
  epoch_ = source_->epoch_;
  key_ = Combine64(source_->seed_, name_hash_);
}

}  // namespace moonpool
