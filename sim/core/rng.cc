// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/core/rng.h"

#include <algorithm>
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
  ArmStop();
}

void RandomSource::ArmStop() {
  if (forbidden_ || reseeded_ != 0 || trace_->listener() != nullptr) {
    stop_at_ = 0;
    return;
  }
  stop_at_ = watch_at_;
  if (next_break_ < kNever - segment_start_) {
    stop_at_ = std::min(stop_at_, segment_start_ + next_break_);
  }
}

void RandomSource::TellWatcher() {
  const uint64_t next = watcher_->OnDraws(draws_);
  CHECK_GT(next, draws_) << "a watcher must look ahead";
  watch_at_ = next;
  ArmStop();
}

void RandomSource::AtStop() {
  CHECK(!forbidden_) << "a random draw while a process is being destroyed: "
                        "destructors in tasks must not draw";
  for (;;) {
    // First: it may set a breakpoint that applies here.
    if (draws_ >= watch_at_) TellWatcher();
    ApplyBreakpoints();
    // If this is one of the listener's own draws, it will be told once more.
    if (reseeded_ == 0 || tells_listener_) break;
    tells_listener_ = true;
    const StreamKinds kinds = std::exchange(reseeded_, 0);
    ArmStop();
    reseed_listener_->OnReseed(kinds);
    tells_listener_ = false;
  }
  if (TraceListener* listener = trace_->listener()) {
    listener->OnWord({.kind = TraceListener::Kind::kDraw,
                      .words = {},
                      .hash = trace_->value(),
                      .type = nullptr});
  }
}

void RandomSource::ApplyBreakpoints() {
  // A loop, because zero-draw segments chain: 5@A -> 0@B.
  while (segment_draws() >= next_break_) {
    CHECK_EQ(segment_draws(), next_break_) << "a breakpoint lies in the past";
    const Breakpoint& breakpoint = breakpoints_[next_breakpoint_++];
    SetSeed(breakpoint.seed, breakpoint.streams);
    segment_start_ = draws_;
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

void RandomSource::SetSeed(uint64_t seed, StreamKinds streams) {
  ++epoch_;
  for (size_t kind = 0; kind < kExploredKinds; ++kind) {
    if ((streams >> kind & 1) == 0) continue;
    seeds_[kind] = seed;
    epochs_[kind] = epoch_;
  }
  if (reseed_listener_ != nullptr) reseeded_ |= streams;
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

uint64_t RandomStream::NextSlowly() {
  if (kind_ == Kind::kFixed) {
    const uint64_t value = Mix64(key_ += 0x9E3779B97F4A7C15u);
    source_->OnFixedDraw(value);
    source_->trace_->Add(value);
    return value;
  }
  if (source_->draws_ >= source_->stop_at_) source_->AtStop();
  if (epoch_ != source_->epoch_) {
    const auto kind = static_cast<size_t>(kind_);
    if (epoch_ < source_->epochs_[kind]) {
      key_ = Combine64(source_->seeds_[kind], name_hash_);
    }
    epoch_ = source_->epoch_;
    source_->drawn_kinds_ |= KindBit(kind_);
  }
  return Draw();
}

}  // namespace moonpool
