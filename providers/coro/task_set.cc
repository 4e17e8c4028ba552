// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "providers/coro/task_set.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "providers/base/check.h"

namespace moonpool {

JoinHandle& JoinHandle::operator=(JoinHandle&& other) noexcept {
  CHECK(waiters_.empty() && other.waiters_.empty())
      << "a JoinHandle moved while somebody waits for it";
  if (task_ != nullptr) task_->join = nullptr;
  task_ = std::exchange(other.task_, nullptr);
  finished_ = other.finished_;
  status_ = std::move(other.status_);
  if (task_ != nullptr) task_->join = this;
  return *this;
}

Task<absl::Status> JoinHandle::Join() {
  CHECK(finished_ || task_ != nullptr) << "Join on an empty JoinHandle";
  while (!finished_) co_await waiters_.Wait();
  co_return status_;
}

void JoinHandle::Abort() {
  if (task_ == nullptr) return;
  std::coroutine_handle<RootPromise>::from_promise(*task_).destroy();
}

void RootPromise::FinishDestroyed() {
  Finish(absl::CancelledError("the task was destroyed before it finished"));
}

void RootPromise::Finish(absl::Status status) {
  JoinHandle* handle = std::exchange(join, nullptr);
  handle->task_ = nullptr;
  handle->finished_ = true;
  handle->status_ = std::move(status);
  handle->waiters_.WakeAll();
}

absl::Status TaskSet::ReportException(std::exception_ptr exception) {
  std::string what = "an exception of unknown type";
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& e) {
    what = e.what();
  } catch (...) {
  }
  CHECK(on_exception_ != nullptr)
      << "an exception left a task of a set without handler: " << what;
  on_exception_(what);
  return absl::InternalError(absl::StrCat("exception left the task: ", what));
}

std::string TaskSet::Names() const {
  std::vector<absl::string_view> names;
  int unnamed = 0;
  for (const RootPromise* p = newest_; p != nullptr; p = p->previous) {
    if (p->name != nullptr) {
      names.push_back(p->name);
    } else {
      ++unnamed;
    }
  }
  std::string text =
      absl::StrJoin(names.rbegin(), names.rend(), ", ");
  if (unnamed > 0) {
    absl::StrAppend(&text, text.empty() ? "" : ", ", unnamed, " unnamed");
  }
  return text;
}

void TaskSet::Clear() {
  while (newest_ != nullptr) {
    std::coroutine_handle<RootPromise>::from_promise(*newest_).destroy();
  }
}

}  // namespace moonpool
