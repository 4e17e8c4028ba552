// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/problems/trouble.h"

#include <cstddef>
#include <string>

namespace moonpool::problems {
Task<absl::Status> Trouble::Inject(FaultContext& ctx) {
  ctx.network().SetFaults(options_.network);
  cuts_.assign(ctx.process_ips().size(), 0);
  Repeat(ctx, options_.crash_pause, &Trouble::Crash);
  Repeat(ctx, options_.cut_pause, &Trouble::Cut);
  Repeat(ctx, options_.stall_pause, &Trouble::Stall);
  Repeat(ctx, options_.drift_pause, &Trouble::Drift);
  // They go on until chaos ends, and those of the network until it is healed.
  co_return absl::OkStatus();
}

void Trouble::Repeat(FaultContext& ctx,
                     const std::optional<LatencyRange>& pause, Deed deed) {
  if (!pause.has_value()) return;
  deeds_.Spawn(&Trouble::KeepDoing, this, &ctx, *pause, deed);
}

Task<void> Trouble::KeepDoing(FaultContext* ctx, LatencyRange pause,
                              Deed deed) {
  for (;;) {
    co_await ctx->WaitBetween(pause.low, pause.high);
    (this->*deed)(*ctx);
  }
}

void Trouble::Crash(FaultContext& ctx) {
  const std::vector<std::string>& ips = ctx.process_ips();
  const size_t victim =
      options_.victims.empty()
          ? ctx.random().Below(ips.size())
          : static_cast<size_t>(ctx.random().Pick(options_.victims));
  if (ctx.dead_count() >= options_.max_dead || !ctx.is_up(ips[victim])) return;
  if (++crashes_ > options_.max_crashes) return;
  const bool is_wiped =
      options_.wipe.num > 0 && ctx.random().Chance(options_.wipe);
  // It was up just now.
  (void)ctx.Reboot(
      ips[victim],
      {.kind = is_wiped ? RebootKind::kCrashAndWipe : RebootKind::kCrash,
       .recovery_delay = DurationRange(options_.down.low, options_.down.high)});
}

void Trouble::Cut(FaultContext& ctx) {
  const std::vector<std::string>& ips = ctx.process_ips();
  const size_t alone = ctx.random().Below(ips.size());
  for (size_t i = 0; i < ips.size(); ++i) {
    if (i != alone) ctx.network().Partition(ips[alone], ips[i]);
  }
  ++cuts_[alone];
  deeds_.Spawn(&Trouble::Reunite, this, &ctx, alone);
}

// Not by partitions that end by themselves: a branch draws this wait again.
Task<void> Trouble::Reunite(FaultContext* ctx, size_t alone) {
  co_await ctx->WaitBetween(options_.cut.low, options_.cut.high);
  if (--cuts_[alone] > 0) co_return;
  const std::vector<std::string>& ips = ctx->process_ips();
  for (size_t i = 0; i < ips.size(); ++i) {
    if (i != alone && cuts_[i] == 0) ctx->network().Heal(ips[alone], ips[i]);
  }
}

void Trouble::Stall(FaultContext& ctx) {
  const std::string& victim = ctx.random().Pick(ctx.process_ips());
  // One that is down or stands still already stays as it is.
  (void)ctx.Pause(victim, {options_.stall.low, options_.stall.high});
}

void Trouble::Drift(FaultContext& ctx) {
  const std::string& victim = ctx.random().Pick(ctx.process_ips());
  const auto span = static_cast<uint64_t>(2 * options_.drift_ppm + 1);
  ctx.clock(victim).SetRateErrorPpm(
      static_cast<int64_t>(ctx.random().Below(span)) - options_.drift_ppm);
}

}  // namespace moonpool::problems
