// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/campaigns/wal/witness.h"

#include "sim/core/fault.h"

namespace moonpool::wal {
namespace {

constexpr char kStateKey[] = "wal";
constexpr FaultFamily kDamage[] = {
    FaultFamily::kBitRot,           FaultFamily::kMisdirectedRead,
    FaultFamily::kMisdirectedWrite, FaultFamily::kPhantomWrite,
    FaultFamily::kStaleRead,
};

}  // namespace

std::shared_ptr<Witness> Witness::Of(StateHandle& state) {
  using Shared = std::shared_ptr<Witness>;
  if (const Shared* witness = state.Get<Shared>(kStateKey)) return *witness;
  auto witness = std::make_shared<Witness>();
  state.Publish<Shared>(kStateKey, witness);
  return witness;
}

// Bad sectors count when the store meets them: the world counts them together
// with transient errors, which do no damage.
uint64_t Witness::Damage(const World& world) const {
  uint64_t damage = stats.bad_sectors;
  for (FaultFamily family : kDamage) damage += world.faults().of(family);
  return damage;
}

void Witness::OnOpen(const World& world) { begin_ = Damage(world); }

void Witness::OnOpened(const World& world, bool is_good) {
  if (may_be_ruined_ && Damage(world) - safe_ > 1) is_ruined_ = true;
  if (!is_good) return;
  safe_ = begin_;
  ++opened_;
}

}  // namespace moonpool::wal
