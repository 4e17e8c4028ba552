// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "providers/coro/ready_queue.h"

#include <algorithm>
#include <utility>

namespace moonpool {

ReadyQueue::~ReadyQueue() {
  CHECK(empty() && parked_.empty()) << size() << " coroutines outlive their executor";
}

void ReadyQueue::PushSlowly(ReadyNode* node) {
  if (!paused_.empty() && is_paused(node->owner_)) {
    node->index_ = ReadyNode::kParked;
    parked_.push_back(node);
    return;
  }
  if (end_ == capacity_) MakeRoom();
  Append(node);
}

// Reclaims the consumed front before growing, so that a queue which never quite
// empties stays small.
void ReadyQueue::MakeRoom() {
  std::unique_ptr<ReadyNode*[]> old;
  ReadyNode** from = nodes_.get();
  if (head_ * 2 <= end_) {
    capacity_ = capacity_ == 0 ? 16 : 2 * capacity_;
    old = std::exchange(nodes_, std::make_unique<ReadyNode*[]>(capacity_));
  }
  const size_t count = size();
  for (size_t i = 0; i < count; ++i) {
    nodes_[i] = from[head_ + i];
    nodes_[i]->index_ = i;
  }
  head_ = 0;
  end_ = count;
}

void ReadyQueue::Remove(ReadyNode* node) {
  const size_t index = node->index_;
  if (index == ReadyNode::kParked) {
    std::erase(parked_, node);
    node->index_ = ReadyNode::kIdle;
    return;
  }
  CHECK(index >= head_ && index < end_ && nodes_[index] == node);
  --end_;
  for (size_t i = index; i < end_; ++i) {
    nodes_[i] = nodes_[i + 1];
    nodes_[i]->index_ = i;
  }
  node->index_ = ReadyNode::kIdle;
}

bool ReadyQueue::is_paused(uint32_t owner) const {
  return std::find(paused_.begin(), paused_.end(), owner) != paused_.end();
}

void ReadyQueue::Pause(uint32_t owner) {
  CHECK(owner != 0) << "the engine's own tasks cannot be paused";
  if (is_paused(owner)) return;
  paused_.push_back(owner);
  std::vector<ReadyNode*> queued(nodes_.get() + head_,
                                 nodes_.get() + end_);
  for (ReadyNode* node : queued) {
    if (node->owner_ != owner) continue;
    Remove(node);
    Push(node);
  }
}

void ReadyQueue::Resume(uint32_t owner) {
  if (std::erase(paused_, owner) == 0) return;
  std::vector<ReadyNode*> parked = std::move(parked_);
  parked_.clear();
  for (ReadyNode* node : parked) Push(node);
}

}  // namespace moonpool
