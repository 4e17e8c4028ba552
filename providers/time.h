// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Time: clocks, sleeping and time-outs.
//
//   co_await time.Sleep(absl::Milliseconds(10));
//   auto reply = co_await time.Timeout(absl::Seconds(1), Call(stream));
//   if (absl::IsDeadlineExceeded(reply.status())) ...
//
// Destroying a coroutine that sleeps cancels its timer; a cancelled timer
// leaves nothing behind, neither an event nor a jump of the clock.
#ifndef MOONPOOL_PROVIDERS_TIME_H_
#define MOONPOOL_PROVIDERS_TIME_H_

#include <coroutine>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "providers/coro/ready_queue.h"
#include "providers/coro/task.h"

namespace moonpool {

// Something due at a moment, known to a clock's queue. No allocation per timer.
// The queue owns none of them.
class TimedEvent {
 public:
  TimedEvent() = default;
  TimedEvent(const TimedEvent&) = delete;
  // Called by the queue, once, when the moment has come; the event is already
  // out of the queue then and may destroy itself.
  virtual void Fire() = 0;
  bool is_scheduled() const { return entry_ != kNotScheduled; }
  int64_t time_ns() const { return time_ns_; }

 protected:
  ~TimedEvent() = default;  // derived classes cancel themselves first

 private:
  friend class EventQueue;
  static constexpr uint32_t kNotScheduled = 0;
  int64_t time_ns_ = 0;
  uint32_t entry_ = kNotScheduled;  // the queue's own number for it
};

class Time {
 public:
  class SleepAwaiter;
  template <typename T>
  class TimeoutAwaiter;

  virtual ~Time() = default;

  // Monotonic time since an arbitrary start (of the world, of the program).
  virtual absl::Duration Now() const = 0;
  // Calendar time of this machine; may step.
  virtual absl::Time WallNow() const = 0;

  // Suspends for at least delay; a zero or negative delay still goes through
  // the clock's queue.
  [[nodiscard]] SleepAwaiter Sleep(absl::Duration delay);

  // Runs task for at most delay. If it is done in time (a Sleep of its own that
  // ends at the same moment counts as in time): its result. Else the task is
  // destroyed at the end of the full expression and the result is
  // DeadlineExceeded. T is absl::Status or an absl::StatusOr.
  template <typename T>
  [[nodiscard]] TimeoutAwaiter<T> Timeout(absl::Duration delay,
                                          Task<T>&& task
                                          [[clang::lifetimebound]]);

 protected:
  // epoch outlives the provider; nullptr for a clock that never changes.
  explicit Time(const uint32_t* epoch = nullptr)
      : epoch_(epoch != nullptr ? epoch : &kOneEpoch) {}

  // Schedules event after delay; returns the time of this clock (Now, in ns) at
  // which that is. REQUIRES: it is not scheduled.
  virtual int64_t Schedule(TimedEvent& event, absl::Duration delay) = 0;
  // Takes a scheduled event out of the queue. O(1).
  virtual void Cancel(TimedEvent& event) = 0;

 private:
  static constexpr uint32_t kOneEpoch = 0;

  class Timer final : public TimedEvent {
   public:
    explicit Timer(Time* time) : time_(time) {}
    ~Timer() {
      if (is_scheduled()) time_->Cancel(*this);
    }
    void Start(std::coroutine_handle<> handle, absl::Duration delay) {
      node.Arm(handle);
      Start(delay);
    }
    void Start(absl::Duration delay) {
      epoch_ = *time_->epoch_;
      due_ns_ = time_->Schedule(*this, delay);
    }
    void Fire() override {
      if (__builtin_expect(epoch_ != *time_->epoch_, 0)) {
        const int64_t left_ns =
            due_ns_ - absl::ToInt64Nanoseconds(time_->Now());
        if (left_ns > 0) {
          Start(absl::Nanoseconds(left_ns));
          return;
        }
      }
      node.Wake();
    }
    ReadyNode node;

   private:
    Time* time_;
    int64_t due_ns_ = 0;
    uint32_t epoch_ = 0;
  };

  // Changes when the clock's rate does, or when it jumps: a timer that was set
  // in another epoch looks at Now() before it fires.
  const uint32_t* epoch_;
};

class Time::SleepAwaiter {
 public:
  SleepAwaiter(Time* time, absl::Duration delay)
      : timer_(time), delay_(delay) {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle) {
    timer_.Start(handle, delay_);
  }
  void await_resume() const noexcept {}

 private:
  Timer timer_;
  absl::Duration delay_;
};

template <typename T>
class Time::TimeoutAwaiter {
 public:
  TimeoutAwaiter(Time* time, absl::Duration delay, Task<T>* task)
      : timer_(time), delay_(delay), task_(task) {}
  bool await_ready() const noexcept { return false; }
  // The task starts first: its own Sleep of the same delay wins the tie, and
  // one that does not wait needs no timer.
  void await_suspend(std::coroutine_handle<> handle) {
    timer_.node.Arm(handle);
    task_->StartFor(&timer_.node).resume();
    if (!task_->is_done()) timer_.Start(delay_);
  }
  T await_resume() {
    if (task_->is_done()) return task_->Take();
    return absl::DeadlineExceededError("timed out");
  }

 private:
  Timer timer_;
  absl::Duration delay_;
  Task<T>* task_;
};

inline Time::SleepAwaiter Time::Sleep(absl::Duration delay) {
  return SleepAwaiter(this, delay);
}

template <typename T>
Time::TimeoutAwaiter<T> Time::Timeout(absl::Duration delay, Task<T>&& task) {
  return TimeoutAwaiter<T>(this, delay, &task);
}

}  // namespace moonpool

#endif  // MOONPOOL_PROVIDERS_TIME_H_
