// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "providers/coro/ready_queue.h"

#include <algorithm>
#include <utility>

#include "providers/base/check.h"

namespace moonpool {
namespace {
thread_local constinit ReadyQueue* current = nullptr;
}  // namespace

ReadyQueue::~ReadyQueue() {
  CHECK(empty() && parked_.empty()) << size() << " coroutines outlive their executor";
}

ReadyQueue& ReadyQueue::Current() {
  CHECK(current != nullptr) << "a coroutine was awaited outside any executor";
  return *current;
}

bool ReadyQueue::HasCurrent() { return current != nullptr; }

ReadyQueue::Scope::Scope(ReadyQueue& queue) : previous_(current) {
  current = &queue;
}
ReadyQueue::Scope::~Scope() { current = previous_; }

void ReadyQueue::RunAt(size_t index) {
  CHECK_LT(index, size());
  ReadyNode* node = nodes_[head_ + index];
  if (index != 0) {
    nodes_[head_ + index] = nodes_[head_];
    nodes_[head_ + index]->index_ = head_ + index;
  }
  if (++head_ == nodes_.size()) {
    nodes_.clear();
    head_ = 0;
  }
  node->index_ = ReadyNode::kIdle;
  owner_ = node->owner_;
  node->handle_.resume();
}

void ReadyQueue::Push(ReadyNode* node) {
  if (__builtin_expect(!paused_.empty(), 0) && is_paused(node->owner_)) {
    node->index_ = ReadyNode::kParked;
    parked_.push_back(node);
    return;
  }
  // Reclaim the consumed front before growing, so that a queue which never
  // quite empties stays small.
  if (nodes_.size() == nodes_.capacity() && head_ * 2 > nodes_.size()) {
    nodes_.erase(nodes_.begin(), nodes_.begin() + head_);
    head_ = 0;
    for (size_t i = 0; i < nodes_.size(); ++i) nodes_[i]->index_ = i;
  }
  node->index_ = nodes_.size();
  nodes_.push_back(node);
}

void ReadyQueue::Remove(ReadyNode* node) {
  const size_t index = node->index_;
  if (index == ReadyNode::kParked) {
    std::erase(parked_, node);
    node->index_ = ReadyNode::kIdle;
    return;
  }
  CHECK(index >= head_ && index < nodes_.size() && nodes_[index] == node);
  nodes_.erase(nodes_.begin() + index);
  for (size_t i = index; i < nodes_.size(); ++i) nodes_[i]->index_ = i;
  node->index_ = ReadyNode::kIdle;
}

bool ReadyQueue::is_paused(uint32_t owner) const {
  return std::find(paused_.begin(), paused_.end(), owner) != paused_.end();
}

void ReadyQueue::Pause(uint32_t owner) {
  CHECK(owner != 0) << "the engine's own tasks cannot be paused";
  if (is_paused(owner)) return;
  paused_.push_back(owner);
  std::vector<ReadyNode*> queued(nodes_.begin() + head_, nodes_.end());
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
