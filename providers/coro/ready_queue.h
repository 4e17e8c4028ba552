// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The queue of coroutines that may run now. Waking a coroutine always means
// enqueueing it here: nothing ever resumes inline, so a wake-up cannot
// re-enter its waker. Whoever owns the queue (the simulated executor, the
// production event loop) decides the order.
//
// A ReadyNode lives inside an awaiter, that is inside a coroutine frame. When
// the frame is destroyed (a crash), the node takes itself out of the queue.
//
// Single-threaded; one queue is current on a thread at a time.
#ifndef MOONPOOL_PROVIDERS_CORO_READY_QUEUE_H_
#define MOONPOOL_PROVIDERS_CORO_READY_QUEUE_H_

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "providers/base/check.h"

namespace moonpool {

class ReadyNode;

class ReadyQueue {
 public:
  ReadyQueue() = default;
  ReadyQueue(const ReadyQueue&) = delete;
  ~ReadyQueue();

  // The queue of the world or event loop that runs on this thread. CHECKs that
  // there is one: a coroutine was awaited outside any executor otherwise.
  static ReadyQueue& Current() {
    CHECK(current_ != nullptr) << "a coroutine was awaited outside any executor";
    return *current_;
  }
  static bool HasCurrent() { return current_ != nullptr; }

  // Makes a queue current for a scope; restores the previous one after it.
  class Scope {
   public:
    explicit Scope(ReadyQueue& queue) : previous_(current_) {
      current_ = &queue;
    }
    Scope(const Scope&) = delete;
    ~Scope() { current_ = previous_; }

   private:
    ReadyQueue* previous_;
  };

  bool empty() const { return head_ == end_; }
  size_t size() const { return end_ - head_; }

  // Removes the node at position index (0 = the oldest) and resumes its
  // coroutine. O(1). Taking another than the oldest moves the oldest into its
  // place, so positions carry no order once an executor picks at random.
  inline void RunAt(size_t index);

  // The owner (a process incarnation, or 0) of the coroutine that runs now;
  // coroutines inherit it from the one that started them.
  uint32_t owner() const { return owner_; }
  void set_owner(uint32_t owner) { owner_ = owner; }
  // What is spawned inside the scope belongs to owner.
  class OwnerScope {
   public:
    OwnerScope(ReadyQueue& queue, uint32_t owner)
        : queue_(queue), previous_(queue.owner_) {
      queue.owner_ = owner;
    }
    OwnerScope(const OwnerScope&) = delete;
    ~OwnerScope() { queue_.owner_ = previous_; }

   private:
    ReadyQueue& queue_;
    const uint32_t previous_;
  };

  // The number of the task that runs now, or ran last, counted from 1 in the
  // order of their starts; 0 before the first. For people and traces.
  uint32_t task() const { return task_; }

  // Holds back every coroutine of this owner, as a stopped process: those
  // woken meanwhile run, in the order of their wake-ups, after Resume.
  // REQUIRES: owner != 0. O(queued); pausing twice changes nothing.
  void Pause(uint32_t owner);
  void Resume(uint32_t owner);
  bool is_paused(uint32_t owner) const;

 private:
  friend class ReadyNode;
  inline void Push(ReadyNode* node);
  // Some owner is paused, or there is no room.
  void PushSlowly(ReadyNode* node);
  inline void Append(ReadyNode* node);
  void MakeRoom();
  void Remove(ReadyNode* node);

  static inline thread_local constinit ReadyQueue* current_ = nullptr;

  std::unique_ptr<ReadyNode*[]> nodes_;
  size_t head_ = 0;  // queued are those from here
  size_t end_ = 0;   // to here
  size_t capacity_ = 0;
  uint32_t owner_ = 0;
  uint32_t task_ = 0;
  uint32_t tasks_ = 0;  // numbers given out
  std::vector<uint32_t> paused_;    // few, if any
  std::vector<ReadyNode*> parked_;  // woken, of a paused owner
};

// One suspended coroutine's place in the queue.
class ReadyNode {
 public:
  ReadyNode() = default;
  ReadyNode(const ReadyNode&) = delete;
  ~ReadyNode() {
    if (index_ != kIdle) queue_->Remove(this);
  }

  // Called by an awaiter when its coroutine suspends.
  void Arm(std::coroutine_handle<> handle) {
    handle_ = handle;
    queue_ = &ReadyQueue::Current();
    owner_ = queue_->owner();
    task_ = queue_->task();
  }
  // Makes its coroutine a task with a number of its own. REQUIRES: armed.
  void BeginTask() { task_ = ++queue_->tasks_; }
  // Enqueues the coroutine; a second wake before it ran changes nothing.
  // REQUIRES: Arm was called.
  void Wake() {
    if (index_ == kIdle) queue_->Push(this);
  }
  bool is_queued() const { return index_ != kIdle; }

 private:
  friend class ReadyQueue;
  static constexpr size_t kIdle = ~size_t{0};
  static constexpr size_t kParked = kIdle - 1;
  std::coroutine_handle<> handle_;
  ReadyQueue* queue_ = nullptr;
  size_t index_ = kIdle;
  uint32_t owner_ = 0;
  uint32_t task_ = 0;
};

inline void ReadyQueue::Append(ReadyNode* node) {
  node->index_ = end_;
  nodes_[end_++] = node;
}

inline void ReadyQueue::Push(ReadyNode* node) {
  if (__builtin_expect(end_ == capacity_ || !paused_.empty(), 0)) {
    PushSlowly(node);
    return;
  }
  Append(node);
}

inline void ReadyQueue::RunAt(size_t index) {
  CHECK_LT(index, size());
  ReadyNode* node = nodes_[head_ + index];
  if (index != 0) {
    nodes_[head_ + index] = nodes_[head_];
    nodes_[head_ + index]->index_ = head_ + index;
  }
  if (++head_ == end_) head_ = end_ = 0;
  node->index_ = ReadyNode::kIdle;
  owner_ = node->owner_;
  task_ = node->task_;
  node->handle_.resume();
}

// co_await Yield(): back to the ready queue.
class Yield {
 public:
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle) {
    node_.Arm(handle);
    node_.Wake();
  }
  void await_resume() const noexcept {}

 private:
  ReadyNode node_;
};

}  // namespace moonpool

#endif  // MOONPOOL_PROVIDERS_CORO_READY_QUEUE_H_
