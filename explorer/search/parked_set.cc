// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/search/parked_set.h"

#include <algorithm>
#include <utility>

#include "providers/base/check.h"

namespace moonpool::explorer {
namespace {

constexpr int kRootSplitpoint = 0;

}  // namespace

ParkedSet::ParkedSet(int limit, Region* region, const Archive* archive)
    : limit_(limit),
      region_(region),
      archive_(archive),
      owner_(kMaxCheckpoints, -1),
      dying_(kMaxCheckpoints, false) {
  for (int i = static_cast<int>(kMaxCheckpoints) - 1; i > kNursery; --i) {
    free_.push_back(i);
  }
}

int ParkedSet::FindLivingAncestor(int splitpoint) const {
  while (splitpoint >= 0 && At(splitpoint) < 0) {
    splitpoint = archive_->splitpoints()[splitpoint].parent;
  }
  return splitpoint;
}

void ParkedSet::CountPick(int splitpoint, uint64_t number) {
  if (splitpoint < 0) return;
  if (splitpoint >= static_cast<int>(last_used_.size())) {
    last_used_.resize(archive_->splitpoints().size());
  }
  last_used_[splitpoint] = number;
}

void ParkedSet::LendTo(JobOrder& order, bool recreate) {
  while (order.free_count < kMaxNewCheckpoints && !free_.empty()) {
    order.free_checkpoints[order.free_count++] = Take();
  }
  if (recreate && order.recreate < 0 && !free_.empty()) order.recreate = Take();
}

void ParkedSet::TakeBackFrom(JobOrder& order) {
  for (uint32_t i = 0; i < order.free_count; ++i) {
    const int slot = order.free_checkpoints[i];
    if (owner_[slot] < 0) Return(slot);
  }
  order.free_count = 0;
}

void ParkedSet::TakeBackRecreated(JobOrder& order, int splitpoint,
                                  bool is_needed) {
  const int32_t recreated = std::exchange(order.recreate, -1);
  if (recreated < 0) return;
  if (is_needed && At(splitpoint) < 0 &&
      region_->checkpoints[recreated].pid.load() != 0) {
    Set(splitpoint, recreated);
  } else {
    Return(recreated);
  }
}

int ParkedSet::Take() {
  const int taken = free_.back();
  free_.pop_back();
  CheckpointSlot& slot = region_->checkpoints[taken];
  slot.pid.store(0);
  region_->checkpoint_orders[taken].ordered.store(0);
  slot.taken = 0;
  return taken;
}

void ParkedSet::Return(int slot) {
  const pid_t pid = region_->checkpoints[slot].pid.load();
  owner_[slot] = -1;
  const bool is_condemned =
      std::find(condemned_.begin(), condemned_.end(), slot) != condemned_.end();
  if (is_condemned || dying_[slot]) return;
  (pid == 0 ? free_ : condemned_).push_back(slot);
}

void ParkedSet::Set(int splitpoint, int slot) {
  if (splitpoint >= static_cast<int>(slot_of_.size())) {
    slot_of_.resize(archive_->splitpoints().size(), -1);
  }
  int& at = slot_of_[splitpoint];
  const int counted = splitpoint == kRootSplitpoint ? 0 : 1;
  if (at >= 0) {
    parked_ -= counted;
    Return(at);
  }
  at = slot;
  if (slot >= 0) {
    parked_ += counted;
    owner_[slot] = splitpoint;
  }
}

void ParkedSet::Adopt(int slot, int splitpoint, uint64_t finished) {
  CountPick(splitpoint, finished);
  if (slot >= 0 && region_->checkpoints[slot].pid.load() != 0) {
    Set(splitpoint, slot);
  }
}

void ParkedSet::Evict() {
  while (parked_ > limit_) {
    int coldest = -1;
    for (const int splitpoint : owner_) {
      if (splitpoint <= kRootSplitpoint) continue;  // that one stays
      if (coldest < 0 || last_used_[splitpoint] < last_used_[coldest]) {
        coldest = splitpoint;
      }
    }
    CHECK_GE(coldest, 0);
    Retire(coldest);
  }
}

void ParkedSet::KillCondemned(const std::function<bool(int)>& owes,
                              const std::function<void(pid_t)>& kill) {
  for (size_t i = 0; i < condemned_.size();) {
    const int slot = condemned_[i];
    if (owes(slot)) {
      ++i;
      continue;
    }
    dying_[slot] = true;
    kill(region_->checkpoints[slot].pid.load());
    condemned_[i] = condemned_.back();
    condemned_.pop_back();
  }
}

bool ParkedSet::Died(int slot) {
  region_->checkpoints[slot].pid.store(0);
  if (dying_[slot]) {
    dying_[slot] = false;
    free_.push_back(slot);
    return true;
  }
  const int owner = owner_[slot];
  const bool was_condemned = std::erase(condemned_, slot) > 0;
  if (owner >= 0) {
    Retire(owner);
  } else if (was_condemned) {
    free_.push_back(slot);
  }
  return false;
}

}  // namespace moonpool::explorer
