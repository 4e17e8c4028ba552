// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/problems/trouble.h"

#include <algorithm>
#include <cstddef>
#include <string>

namespace moonpool::problems {
namespace {

absl::Duration Draw(FaultContext& ctx,
                    const std::optional<LatencyRange>& range) {
  if (!range.has_value()) return absl::InfiniteDuration();
  return ctx.random().Range(range->low, range->high);
}

}  // namespace

Task<absl::Status> Trouble::Inject(FaultContext& ctx) {
  ctx.network().SetFaults(options_.network);
  absl::Duration crash = Draw(ctx, options_.crash_pause);
  absl::Duration cut = Draw(ctx, options_.cut_pause);
  absl::Duration stall = Draw(ctx, options_.stall_pause);
  absl::Duration drift = Draw(ctx, options_.drift_pause);
  for (;;) {
    const absl::Duration pause = std::min({crash, cut, stall, drift});
    if (pause == absl::InfiniteDuration()) break;
    co_await ctx.time().Sleep(pause);
    crash -= pause;
    cut -= pause;
    stall -= pause;
    drift -= pause;
    if (crash == absl::ZeroDuration()) {
      Crash(ctx);
      crash = Draw(ctx, options_.crash_pause);
    }
    if (cut == absl::ZeroDuration()) {
      Cut(ctx);
      cut = Draw(ctx, options_.cut_pause);
    }
    if (stall == absl::ZeroDuration()) {
      Stall(ctx);
      stall = Draw(ctx, options_.stall_pause);
    }
    if (drift == absl::ZeroDuration()) {
      Drift(ctx);
      drift = Draw(ctx, options_.drift_pause);
    }
  }
  // The faults of the network go on until the runner heals it.
  co_return absl::OkStatus();
}

void Trouble::Crash(FaultContext& ctx) {
  const std::vector<std::string>& ips = ctx.process_ips();
  const size_t victim =
      options_.victims.empty()
          ? ctx.random().Below(ips.size())
          : static_cast<size_t>(ctx.random().Pick(options_.victims));
  const absl::Duration down =
      ctx.random().Range(options_.down.low, options_.down.high);
  if (ctx.dead_count() >= options_.max_dead || !ctx.is_up(ips[victim])) return;
  if (++crashes_ > options_.max_crashes) return;
  const bool is_wiped =
      options_.wipe.num > 0 && ctx.random().Chance(options_.wipe);
  // It was up just now.
  (void)ctx.Reboot(ips[victim], {.kind = is_wiped ? RebootKind::kCrashAndWipe
                                                  : RebootKind::kCrash,
                                 .recovery_delay = down});
}

void Trouble::Cut(FaultContext& ctx) const {
  const std::vector<std::string>& ips = ctx.process_ips();
  const size_t alone = ctx.random().Below(ips.size());
  const absl::Duration duration =
      ctx.random().Range(options_.cut.low, options_.cut.high);
  for (size_t i = 0; i < ips.size(); ++i) {
    if (i != alone) ctx.network().Partition(ips[alone], ips[i], duration);
  }
}

void Trouble::Stall(FaultContext& ctx) const {
  const std::string& victim = ctx.random().Pick(ctx.process_ips());
  const absl::Duration duration =
      ctx.random().Range(options_.stall.low, options_.stall.high);
  // One that is down or stands still already stays as it is.
  (void)ctx.Pause(victim, duration);
}

void Trouble::Drift(FaultContext& ctx) const {
  const std::string& victim = ctx.random().Pick(ctx.process_ips());
  const auto span = static_cast<uint64_t>(2 * options_.drift_ppm + 1);
  ctx.clock(victim).SetRateErrorPpm(
      static_cast<int64_t>(ctx.random().Below(span)) - options_.drift_ppm);
}

}  // namespace moonpool::problems
