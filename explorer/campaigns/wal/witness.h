// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Witness: what the campaign knows of the disk though no store could: how much
// of what it was given the disk has lost, misplaced or changed. It tells a
// loss that the store could have survived from one that nothing could.
//
// Store promises to survive damage in one copy between the beginning of one
// successful Open and the end of the next (store.h). With two pieces of damage
// where both copies may be hit, this timeline is ruined: anything may be
// missing, and only changed data is a violation.
#ifndef MOONPOOL_EXPLORER_CAMPAIGNS_WAL_WITNESS_H_
#define MOONPOOL_EXPLORER_CAMPAIGNS_WAL_WITNESS_H_

#include <cstdint>
#include <memory>

#include "explorer/campaigns/wal/options.h"
#include "sim/core/world.h"
#include "sim/runner/state.h"

namespace moonpool::wal {

class Witness {
 public:
  // The one of this timeline; made at the first call.
  static std::shared_ptr<Witness> Of(StateHandle& state);

  // Both copies may be hit.
  void ExpectDamageInBothCopies() { may_be_ruined_ = true; }

  // An Open begins. It may never end.
  void OnOpen(const World& world);
  // It has succeeded, or says that data is lost.
  void OnOpened(const World& world, bool is_good);

  bool is_ruined() const { return is_ruined_; }
  // Open calls that succeeded.
  uint64_t opened() const { return opened_; }
  uint64_t Damage(const World& world) const;

  // Of the stores of all incarnations.
  Stats stats;

 private:
  uint64_t safe_ = 0;   // damage when the last good Open began
  uint64_t begin_ = 0;  // damage when the current one did
  uint64_t opened_ = 0;
  bool may_be_ruined_ = false;
  bool is_ruined_ = false;
};

}  // namespace moonpool::wal

#endif  // MOONPOOL_EXPLORER_CAMPAIGNS_WAL_WITNESS_H_
