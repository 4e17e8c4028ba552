// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// WaitList: the coroutines that wait for a condition to become true.
//
//   while (buffer.empty()) co_await readable.Wait();   // the reader
//   buffer.push_back(byte); readable.WakeAll();        // the writer
//
// Always wait in a loop: between the wake-up and the run of a coroutine
// another one may have taken what it waited for. Destroying a waiting frame
// unlinks it; destroying the list leaves its waiters asleep.
#ifndef MOONPOOL_PROVIDERS_CORO_WAIT_LIST_H_
#define MOONPOOL_PROVIDERS_CORO_WAIT_LIST_H_

#include <coroutine>

#include "providers/coro/ready_queue.h"

namespace moonpool {

class WaitList {
  struct Link {
    Link* previous = this;
    Link* next = this;
    void Unlink() {
      previous->next = next;
      next->previous = previous;
      previous = next = this;
    }
  };

 public:
  class Awaiter : private Link {
   public:
    explicit Awaiter(WaitList* list) : list_(list) {}
    Awaiter(const Awaiter&) = delete;
    ~Awaiter() { Unlink(); }
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> handle) {
      node_.Arm(handle);
      next = &list_->head_;
      previous = list_->head_.previous;
      previous->next = this;
      next->previous = this;
    }
    void await_resume() const noexcept {}

   private:
    friend class WaitList;
    WaitList* list_;
    ReadyNode node_;
  };

  WaitList() = default;
  WaitList(const WaitList&) = delete;
  ~WaitList() {
    while (head_.next != &head_) head_.next->Unlink();
  }

  Awaiter Wait() { return Awaiter(this); }
  bool empty() const { return head_.next == &head_; }
  // Wakes the one that has waited longest. O(1).
  void WakeOne() {
    if (empty()) return;
    auto* awaiter = static_cast<Awaiter*>(head_.next);
    awaiter->Unlink();
    awaiter->node_.Wake();
  }
  void WakeAll() {
    while (!empty()) WakeOne();
  }

 private:
  Link head_;
};

}  // namespace moonpool

#endif  // MOONPOOL_PROVIDERS_CORO_WAIT_LIST_H_
