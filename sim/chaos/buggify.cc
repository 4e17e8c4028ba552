// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/chaos/buggify.h"

#include "providers/base/hash.h"

namespace moonpool {
namespace {
// Only tells the runs of this process apart: nothing depends on its value.
thread_local constinit uint64_t last_run = 0;
}  // namespace

Buggify::Buggify(World* world, const FaultSet& families)
    : world_(world),
      families_(families),
      firing_(&world->random(), "buggify", 0, StreamKind::kFaults),
      run_(++last_run) {}

Buggify::Scope::Scope(Buggify* buggify) : previous_(current_) {
  current_ = buggify;
}
Buggify::Scope::~Scope() { current_ = previous_; }

bool Buggify::Fires(BuggifySite& site, Ratio chance) {
  return Roll(FaultFamily::kBuggify, site, chance);
}

std::optional<uint64_t> Buggify::Knob(BuggifySite& site, uint64_t span) {
  if (!Roll(FaultFamily::kKnob, site, kFiring)) return std::nullopt;
  return span == ~uint64_t{0} ? firing_.Next() : firing_.Below(span + 1);
}

bool Buggify::IsActive(absl::string_view name) const {
  RandomStream activation(&world_->random(), "buggify.site", HashBytes(name),
                          RandomStream::Kind::kFixed);
  return activation.Chance(kActivation);
}

bool Buggify::Roll(FaultFamily family, BuggifySite& site, Ratio chance) {
  if (!families_.has(family) || chance.num == 0) return false;
  // Destructors of a crashed process may pass here, and may not draw.
  if (world_->in_teardown()) return false;
  if (site.run_ != run_) {
    site.is_active_ = IsActive(site.name());
    site.run_ = run_;
  }
  if (!site.is_active_ || !firing_.Chance(chance)) return false;
  world_->Fault(family, site.name(),
                family == FaultFamily::kKnob ? "spikes its knob" : "buggifies");
  return true;
}

}  // namespace moonpool
