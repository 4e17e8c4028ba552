// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/search/image_set.h"

#include <algorithm>

namespace moonpool::explorer {
namespace {

// Farther up, an image saves little.
constexpr int kMaxDistance = 64;

}  // namespace

ImageSet::ImageSet(const ImagePool* pool, const Archive* archive, int limit)
    : pool_(pool),
      archive_(archive),
      slots_(pool == nullptr || !pool->is_open()
                 ? 0
                 : std::clamp(limit, 0, static_cast<int>(ImagePool::kSlots))) {
}

int ImageSet::NearestTo(int splitpoint) const {
  for (int i = 0; splitpoint >= 0 && i < kMaxDistance; ++i) {
    if (SlotOf(splitpoint) >= 0) return splitpoint;
    splitpoint = archive_->splitpoints()[splitpoint].parent;
  }
  return Job::kNone;
}

void ImageSet::List(int splitpoint, uint64_t number, JobOrder& order) {
  order.image_count = 0;
  while (order.image_count < JobOrder::kMaxImages) {
    splitpoint = NearestTo(splitpoint);
    if (splitpoint == Job::kNone) return;
    const Splitpoint& at = archive_->splitpoints()[splitpoint];
    const int slot = slot_of_[splitpoint];
    // Jobs that come back from a dead runner are told after later ones.
    slots_[slot].last_used = std::max(slots_[slot].last_used, number);
    order.images[order.image_count++] = {
        .image = {static_cast<uint32_t>(slot), slots_[slot].generation},
        .segments = at.segments.size()};
    splitpoint = at.parent;
  }
}

ImageRef ImageSet::Lend(uint64_t number) {
  Slot* best = nullptr;
  for (Slot& slot : slots_) {
    const bool is_in_use = slot.generation != 0 && slot.last_used >= finished_;
    if (is_in_use) continue;
    auto heat = [](const Slot& s) {
      return s.splitpoint == Job::kNone ? 0 : s.last_used + 1;
    };
    if (best == nullptr || heat(slot) < heat(*best)) best = &slot;
  }
  if (best == nullptr) return {};
  Clear(*best);
  best->generation = ++generation_;
  best->last_used = number;
  return {static_cast<uint32_t>(best - slots_.data()), best->generation};
}

void ImageSet::Clear(Slot& slot) {
  if (slot.splitpoint == Job::kNone) return;
  slot_of_[slot.splitpoint] = -1;
  slot.splitpoint = Job::kNone;
  --size_;
}

void ImageSet::Assign(const ImageRef& image, int splitpoint) {
  if (splitpoint >= static_cast<int>(slot_of_.size())) {
    slot_of_.resize(archive_->splitpoints().size(), -1);
  }
  Slot& slot = slots_[image.slot];
  if (slot.generation != image.generation || slot_of_[splitpoint] >= 0) return;
  Clear(slot);
  slot.splitpoint = splitpoint;
  slot_of_[splitpoint] = static_cast<int>(image.slot);
  ++size_;
}

void ImageSet::Finish(uint64_t number, const JobOrder& order) {
  finished_ = number + 1;
  if (order.store.generation == 0 || pool_->Has(order.store)) return;
  Slot& slot = slots_[order.store.slot];
  if (slot.generation == order.store.generation) Clear(slot);
}

void ImageSet::Retire(int splitpoint) {
  if (const int slot = SlotOf(splitpoint); slot >= 0) Clear(slots_[slot]);
}

}  // namespace moonpool::explorer
