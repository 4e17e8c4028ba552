// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// TaskSet: owns concurrent tasks. Destroying the set destroys its unfinished
// tasks, youngest first; nothing is ever detached.
//
//   TaskSet tasks;                                  // declare last in a class
//   tasks.Spawn(&KvServer::Serve, this, std::move(stream));
//   JoinHandle job = tasks.Spawn(Compact, std::move(file));
//   absl::Status status = co_await job.Join();
//
// Spawn stores the callable and its arguments by value in the task's frame, so
// captures and arguments live as long as the task. Parameters of a spawned
// function must not be references (it does not compile).
#ifndef MOONPOOL_PROVIDERS_CORO_TASK_SET_H_
#define MOONPOOL_PROVIDERS_CORO_TASK_SET_H_

#include <coroutine>
#include <exception>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "providers/coro/task.h"
#include "providers/coro/wait_list.h"

namespace moonpool {

class TaskSet;

// Waits for a spawned task. Movable; dropping it changes nothing for the task.
class JoinHandle {
 public:
  JoinHandle() = default;
  JoinHandle(JoinHandle&& other) noexcept { *this = std::move(other); }
  JoinHandle& operator=(JoinHandle&& other) noexcept;
  inline ~JoinHandle();

  // How the task ended: what it returned if that is an absl::Status, OK for
  // other values, Cancelled if it was destroyed first, Internal with the text
  // of the exception that left it. REQUIRES: the handle came from Spawn, and
  // does not move while it is awaited.
  Task<absl::Status> Join();
  bool is_finished() const { return finished_; }
  // Destroys the task now; Join then gives Cancelled. A finished task keeps
  // its result. REQUIRES: not called by the task itself.
  void Abort();

 private:
  friend struct RootPromise;
  friend class TaskSet;
  struct RootPromise* task_ = nullptr;
  bool finished_ = false;
  absl::Status status_;
  WaitList waiters_;
};

// The promise of a spawned task's outermost frame; internal to TaskSet.
struct RootPromise : internal::FramePromise {
  struct Root {
    using promise_type = RootPromise;
    std::coroutine_handle<RootPromise> handle;
  };
  inline ~RootPromise();
  Root get_return_object() noexcept {
    return {std::coroutine_handle<RootPromise>::from_promise(*this)};
  }
  std::suspend_always initial_suspend() noexcept { return {}; }
  struct FinalAwaiter {
    bool await_ready() noexcept { return false; }
    void await_suspend(std::coroutine_handle<RootPromise> handle) noexcept {
      handle.destroy();
    }
    void await_resume() noexcept {}
  };
  FinalAwaiter final_suspend() noexcept { return {}; }
  void return_void() noexcept {}
  void unhandled_exception() noexcept { std::terminate(); }
  // Tells whoever may wait for the task.
  void Finish(absl::Status status);
  void FinishDestroyed();

  RootPromise* previous = nullptr;
  RootPromise* next = nullptr;
  TaskSet* set = nullptr;
  JoinHandle* join = nullptr;
  const char* name = nullptr;
  ReadyNode start;
};

class TaskSet {
 public:
  // Called with the text of an exception that left a task. Without a handler
  // such an exception ends the program.
  using ExceptionHandler = std::function<void(absl::string_view what)>;

  TaskSet() = default;
  explicit TaskSet(ExceptionHandler on_exception)
      : on_exception_(std::move(on_exception)) {}
  TaskSet(const TaskSet&) = delete;
  ~TaskSet() { Clear(); }

  // Starts function(args...) as a task of this set; it runs when the executor
  // picks it, never inline. function returns a Task of anything; a member
  // function takes its object's pointer first.
  template <typename Function, typename... Args>
  JoinHandle Spawn(Function function, Args... args) {
    return Adopt(Run(this, std::move(function), std::move(args)...));
  }

  // The same; name, a literal, tells people which task does not end.
  template <typename Function, typename... Args>
  JoinHandle SpawnNamed(const char* name, Function function, Args... args) {
    JoinHandle handle = Spawn(std::move(function), std::move(args)...);
    newest_->name = name;
    return handle;
  }

  bool empty() const { return newest_ == nullptr; }
  // The unfinished tasks, oldest first: "main, compaction, 3 unnamed".
  std::string Names() const;
  // Destroys all unfinished tasks, youngest first.
  void Clear();

 private:
  friend struct RootPromise;

  template <typename Function, typename... Args>
  static RootPromise::Root Run(TaskSet* set, Function function, Args... args) {
    absl::Status status;
    try {
      using Result = std::invoke_result_t<Function, Args...>;
      if constexpr (std::is_same_v<Result, Task<absl::Status>>) {
        status = co_await Invoke(function, std::move(args)...);
      } else {
        (void)co_await Invoke(function, std::move(args)...);
      }
    } catch (...) {
      status = set->ReportException(std::current_exception());
    }
    RootPromise* self = co_await Self();
    if (self->join != nullptr) self->Finish(std::move(status));
  }
  template <typename Function, typename... Args>
  [[clang::coro_wrapper]] static auto Invoke(Function& function,
                                             Args&&... args) {
    if constexpr (std::is_member_function_pointer_v<Function>) {
      return InvokeMember(function, std::move(args)...);
    } else {
      return function(std::move(args)...);
    }
  }
  template <typename Function, typename Object, typename... Args>
  [[clang::coro_wrapper]] static auto InvokeMember(Function function,
                                                   Object object,
                                                   Args&&... args) {
    return (object->*function)(std::move(args)...);
  }
  // co_await Self(): the promise of the running root, without suspending.
  struct Self {
    RootPromise* promise = nullptr;
    bool await_ready() noexcept { return false; }
    bool await_suspend(std::coroutine_handle<RootPromise> handle) noexcept {
      promise = &handle.promise();
      return false;
    }
    RootPromise* await_resume() noexcept { return promise; }
  };
  inline JoinHandle Adopt(RootPromise::Root root);
  absl::Status ReportException(std::exception_ptr exception);

  ExceptionHandler on_exception_;
  RootPromise* newest_ = nullptr;
};

inline JoinHandle::~JoinHandle() {
  if (task_ != nullptr) task_->join = nullptr;
}

inline RootPromise::~RootPromise() {
  if (set == nullptr) return;
  if (set->newest_ == this) set->newest_ = previous;
  if (previous != nullptr) previous->next = next;
  if (next != nullptr) next->previous = previous;
  if (join != nullptr) FinishDestroyed();
}

inline JoinHandle TaskSet::Adopt(RootPromise::Root root) {
  RootPromise& promise = root.handle.promise();
  promise.set = this;
  promise.previous = newest_;
  if (newest_ != nullptr) newest_->next = &promise;
  newest_ = &promise;
  promise.start.Arm(root.handle);
  promise.start.BeginTask();
  promise.start.Wake();
  JoinHandle handle;
  handle.task_ = &promise;
  promise.join = &handle;
  return handle;
}

}  // namespace moonpool

#endif  // MOONPOOL_PROVIDERS_CORO_TASK_SET_H_
