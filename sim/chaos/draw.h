// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The draws of a plan, surface by surface; internal to sim/chaos.
#ifndef MOONPOOL_SIM_CHAOS_DRAW_H_
#define MOONPOOL_SIM_CHAOS_DRAW_H_

#include <cstdint>

#include "absl/time/time.h"
#include "providers/random.h"
#include "sim/chaos/plan.h"
#include "sim/core/rng.h"

namespace moonpool::chaos_internal {

// Draws for one plan. Each family has streams of its own, so that one changes
// nothing of another.
class PlanDraw {
 public:
  PlanDraw(const ChaosProfile& profile, RandomSource* source, ChaosPlan* plan)
      : profile_(profile), source_(source), plan_(plan) {}

  void DrawFamilies();
  void DrawNetworkEnvironment();
  void DrawDiskEnvironment();
  void DrawNetwork();
  void DrawStorage();
  void DrawClocks();
  void DrawProcesses();

 private:
  bool has(FaultFamily family) const { return plan_->families.has(family); }
  bool is_mild() const {
    return profile_.level() == ChaosProfile::Level::kMild;
  }
  RandomStream Fixed(absl::string_view name, uint64_t entity = 0) const {
    return RandomStream(source_, name, entity, RandomStream::Kind::kFixed);
  }
  RandomStream StreamOf(FaultFamily family) const {
    return Fixed("chaos.family", static_cast<uint64_t>(family));
  }
  // Whether a setting of the family takes an extreme value, and the stream to
  // draw it from.
  bool HasSpike(FaultFamily family, RandomStream& knobs) const;

  void DrawClogs();
  void DrawPartitions();
  void DrawCloses();
  void DrawDatagrams();
  void DrawEpisodes();
  void DrawDiskRates();

  const ChaosProfile& profile_;
  RandomSource* source_;
  ChaosPlan* plan_;
};

// n in [low, high] out of den.
inline Ratio DrawRatio(Random& random, uint64_t low, uint64_t high,
                       uint64_t den) {
  return Ratio{.num = low + random.Below(high - low + 1), .den = den};
}

inline absl::Duration DrawMillis(Random& random, int64_t low, int64_t high) {
  return absl::Milliseconds(random.Range(low, high));
}
inline absl::Duration DrawMicros(Random& random, int64_t low, int64_t high) {
  return absl::Microseconds(random.Range(low, high));
}

}  // namespace moonpool::chaos_internal

#endif  // MOONPOOL_SIM_CHAOS_DRAW_H_
