// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Task<T>: the result of an asynchronous function.
//
//   Task<absl::StatusOr<std::string>> Get(Stream& stream, std::string key);
//   auto value = co_await Get(stream, "k1");
//
// A task is lazy (it starts when it is awaited), immovable (it is awaited in
// the expression that creates it; "create now, await later" does not compile)
// and owned by its awaiter: destroying the awaiting frame destroys the task,
// innermost locals first. Awaiting and finishing transfer control directly, so
// loops of a million synchronous awaits use no stack. Concurrency comes only
// from TaskSet::Spawn, Select and Time::Timeout.
//
// Misuse that the compiler refuses: a dropped task, a task built from
// references to temporaries that die before it is awaited.
#ifndef MOONPOOL_PROVIDERS_CORO_TASK_H_
#define MOONPOOL_PROVIDERS_CORO_TASK_H_

#include <coroutine>
#include <cstddef>
#include <exception>
#include <optional>
#include <utility>

#include "providers/coro/ready_queue.h"

namespace moonpool {

// The number of coroutine frames alive on this thread. A crash or the end of a
// world must bring it back to where it was.
size_t LiveFrames();

namespace internal {

inline thread_local constinit size_t live_frames = 0;

struct FramePromise {
  FramePromise() { ++live_frames; }
  FramePromise(const FramePromise&) = delete;
  ~FramePromise() { --live_frames; }
};

// Invariant: at most one of continuation (an awaiting coroutine, resumed by
// direct transfer) and waiter (a node woken through the queue) is set.
struct TaskPromiseBase : FramePromise {
  std::coroutine_handle<> continuation = std::noop_coroutine();
  ReadyNode* waiter = nullptr;
  std::exception_ptr exception;

  std::suspend_always initial_suspend() noexcept { return {}; }
  struct FinalAwaiter {
    bool await_ready() noexcept { return false; }
    template <typename Promise>
    std::coroutine_handle<> await_suspend(
        std::coroutine_handle<Promise> handle) noexcept {
      TaskPromiseBase& promise = handle.promise();
      if (promise.waiter != nullptr) promise.waiter->Wake();
      return promise.continuation;
    }
    void await_resume() noexcept {}
  };
  FinalAwaiter final_suspend() noexcept { return {}; }
  void unhandled_exception() noexcept { exception = std::current_exception(); }
};

}  // namespace internal

template <typename T = void>
class [[nodiscard]] [[clang::coro_return_type]] [[clang::coro_lifetimebound]]
Task {
 public:
  class promise_type : public internal::TaskPromiseBase {
   public:
    Task get_return_object() noexcept {
      return Task(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    template <typename U>
    void return_value(U&& value) {
      value_.emplace(std::forward<U>(value));
    }
    T Take() {
      if (exception) std::rethrow_exception(exception);
      return std::move(*value_);
    }

   private:
    std::optional<T> value_;
  };

  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  ~Task() { handle_.destroy(); }

  class Awaiter {
   public:
    explicit Awaiter(std::coroutine_handle<promise_type> handle)
        : handle_(handle) {}
    bool await_ready() const noexcept { return false; }
    std::coroutine_handle<> await_suspend(
        std::coroutine_handle<> awaiting) noexcept {
      handle_.promise().continuation = awaiting;
      return handle_;
    }
    T await_resume() { return handle_.promise().Take(); }

   private:
    std::coroutine_handle<promise_type> handle_;
  };
  Awaiter operator co_await() && noexcept { return Awaiter(handle_); }

  // For combinators (Select, Time::Timeout): starts the task when resumed, and
  // wakes waiter when it is done.
  std::coroutine_handle<promise_type> StartFor(ReadyNode* waiter) {
    handle_.promise().waiter = waiter;
    return handle_;
  }
  bool is_done() const { return handle_.done(); }
  T Take() { return handle_.promise().Take(); }

 private:
  explicit Task(std::coroutine_handle<promise_type> handle)
      : handle_(handle) {}
  std::coroutine_handle<promise_type> handle_;
};

template <>
class [[nodiscard]] [[clang::coro_return_type]] [[clang::coro_lifetimebound]]
Task<void> {
 public:
  class promise_type : public internal::TaskPromiseBase {
   public:
    Task get_return_object() noexcept {
      return Task(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    void return_void() noexcept {}
    void Take() {
      if (exception) std::rethrow_exception(exception);
    }
  };

  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  ~Task() { handle_.destroy(); }

  class Awaiter {
   public:
    explicit Awaiter(std::coroutine_handle<promise_type> handle)
        : handle_(handle) {}
    bool await_ready() const noexcept { return false; }
    std::coroutine_handle<> await_suspend(
        std::coroutine_handle<> awaiting) noexcept {
      handle_.promise().continuation = awaiting;
      return handle_;
    }
    void await_resume() { handle_.promise().Take(); }

   private:
    std::coroutine_handle<promise_type> handle_;
  };
  Awaiter operator co_await() && noexcept { return Awaiter(handle_); }

  std::coroutine_handle<promise_type> StartFor(ReadyNode* waiter) {
    handle_.promise().waiter = waiter;
    return handle_;
  }
  bool is_done() const { return handle_.done(); }
  void Take() { handle_.promise().Take(); }

 private:
  explicit Task(std::coroutine_handle<promise_type> handle)
      : handle_(handle) {}
  std::coroutine_handle<promise_type> handle_;
};

inline size_t LiveFrames() { return internal::live_frames; }

}  // namespace moonpool

#endif  // MOONPOOL_PROVIDERS_CORO_TASK_H_
