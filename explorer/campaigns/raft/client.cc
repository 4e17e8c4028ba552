// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/campaigns/raft/client.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "explorer/campaigns/raft/observer.h"
#include "providers/base/status_macros.h"
#include "sim/assertions/assertions.h"
#include "sim/checkers/linearizability.h"

namespace moonpool::raft {
namespace {

constexpr uint64_t kKeys = 3;
constexpr absl::Duration kAttemptTimeout = absl::Milliseconds(800);
constexpr absl::Duration kRetryMin = absl::Milliseconds(10);
constexpr absl::Duration kRetryMax = absl::Milliseconds(120);
// An operation that takes longer is given up.
constexpr absl::Duration kPatience = absl::Seconds(6);
// What a healthy cluster may need to elect a leader and to catch up: tens of
// election time-outs.
constexpr absl::Duration kQuietPatience = absl::Seconds(30);
constexpr absl::Duration kPollPause = absl::Milliseconds(100);
// Between two changes of the membership.
constexpr absl::Duration kChangeMin = absl::Milliseconds(20);
constexpr absl::Duration kChangeMax = absl::Milliseconds(1200);
constexpr absl::Duration kChangePatience = absl::Milliseconds(300);

}  // namespace

Task<std::optional<Response>> Caller::Ask(std::string request,
                                          absl::Duration patience) {
  const absl::Duration deadline = ctx_->time().Now() + patience;
  const size_t servers = ctx_->topology().all_process_ips().size();
  for (;;) {
    absl::StatusOr<Response> response =
        co_await ctx_->time().Timeout(kAttemptTimeout, Call(request));
    if (response.ok() && response->is_done) co_return *std::move(response);
    // The answer may still come, and must not be taken for the next one's.
    if (!response.ok()) stream_.reset();
    if (ctx_->time().Now() >= deadline) co_return std::nullopt;
    const size_t previous = target_;
    if (response.ok() && response->leader != 0 &&
        response->leader <= servers) {
      target_ = response->leader - 1u;
    } else {
      target_ = ctx_->random().Below(servers);
    }
    if (target_ != previous) stream_.reset();
    if (target_ == previous || !response.ok()) {
      co_await ctx_->time().Sleep(ctx_->random().Range(kRetryMin, kRetryMax));
    }
  }
}

Task<absl::StatusOr<Response>> Caller::Call(const std::string& request) {
  if (stream_ == nullptr) {
    CO_ASSIGN_OR_RETURN(stream_,
                        co_await ctx_->network().Connect(
                            ctx_->topology().all_process_ips()[target_]));
  }
  std::string frame;
  AppendFrame(request, frame);
  CO_RETURN_IF_ERROR(co_await stream_->Write(frame));
  FrameBuffer frames;
  char chunk[512];
  for (;;) {
    CO_ASSIGN_OR_RETURN(const size_t size,
                        co_await stream_->Read(absl::MakeSpan(chunk)));
    if (size == 0) co_return absl::UnavailableError("closed");
    frames.Append({chunk, size});
    if (const auto payload = frames.Next()) {
      std::optional<Response> response = DecodeResponse(*payload);
      if (response.has_value()) co_return *std::move(response);
      co_return absl::DataLossError("not a response");
    }
    if (frames.is_broken()) co_return absl::DataLossError("broken frame");
  }
}

Task<absl::Status> Client::Run(SimContext& ctx) {
  history_ = HistoryOf(ctx.state(), &ctx.time());
  caller_.emplace(&ctx);
  const absl::Duration end = ctx.time().Now() + options_.duration;
  for (int i = 0; i < options_.operations && ctx.time().Now() < end; ++i) {
    co_await ctx.time().Sleep(
        ctx.random().Range(absl::ZeroDuration(), options_.pause_max));
    const auto operation =
        static_cast<Operation>(ctx.random().Weighted({8, 3, 7, 2}));
    co_await Operate(ctx, operation, kPatience);
  }
  co_return absl::OkStatus();
}

Task<void> Client::Operate(SimContext& ctx, Operation operation,
                           absl::Duration patience) {
  Command command = {.operation = operation,
                     .client = static_cast<uint32_t>(ctx.client_id() + 1),
                     .key = absl::StrCat("k", ctx.random().Below(kKeys))};
  const bool is_read = operation == Operation::kGet;
  if (!is_read) {
    command.sequence = ++sequence_;
    command.value = absl::StrCat(command.client, ".", sequence_, " ");
  }
  if (operation == Operation::kCas) command.expected = last_seen_;
  const OperationId id =
      history_->Invoke(ctx.client_id(), {.operation = operation,
                                         .key = command.key,
                                         .value = command.value,
                                         .expected = command.expected});
  std::optional<Response> response =
      co_await caller_->Ask(EncodeCommandRequest(command), patience);
  last_done_ = response.has_value();
  Observer::Of(ctx.state())->OnSettled(command.client, command.sequence);
  ASSERT_SOMETIMES(last_done_, "an operation is answered");
  ASSERT_SOMETIMES(!last_done_, "a client gives up");
  if (!last_done_) {
    is_read ? history_->Fail(id) : history_->Unknown(id);
    co_return;
  }
  if (is_read) {
    last_seen_ = response->value;
  } else if (operation == Operation::kPut) {
    last_seen_ = command.value;
  } else if (operation == Operation::kAppend) {
    last_seen_ = response->value + command.value;
  }
  history_->Complete(id, {.ok = response->ok, .value = response->value});
}

Task<absl::Status> Client::Check(SimContext& ctx) {
  if (ctx.client_id() != 0) co_return absl::OkStatus();
  // Wrong answers first: a timeline is known by its first violation.
  CheckHistory();
  const std::shared_ptr<Observer> observer = Observer::Of(ctx.state());
  const auto servers =
      static_cast<int>(ctx.topology().all_process_ips().size());
  if (2 * observer->damaged() >= servers) co_return absl::OkStatus();
  caller_.emplace(&ctx);
  co_await Operate(ctx, Operation::kAppend, kQuietPatience);
  ASSERT_ALWAYS(last_done_, "a healthy cluster answers",
                {"elections", observer->elections()},
                {"damaged", observer->damaged()});
  if (!last_done_) co_return absl::OkStatus();
  const absl::Duration deadline = ctx.time().Now() + kQuietPatience;
  while (!observer->HasConverged() && ctx.time().Now() < deadline) {
    co_await ctx.time().Sleep(kPollPause);
  }
  ASSERT_ALWAYS(observer->HasConverged(), "all servers of a healthy cluster catch up",
                {"committed", observer->committed()});
  for (uint64_t i = 0; i < kKeys; ++i) {
    co_await Operate(ctx, Operation::kGet, kQuietPatience);
  }
  CheckHistory();
  co_return absl::OkStatus();
}

void Client::CheckHistory() {
  const CheckResult result = CheckLinearizable(history_->operations());
  ASSERT_SOMETIMES(result.verdict == Verdict::kLinearizable,
                   "a history is found linearizable");
  ASSERT_ALWAYS(result.verdict != Verdict::kViolation,
                "what clients see is linearizable", {"key", result.key},
                {"why", result.text});
}

Task<absl::Status> Operator::Run(SimContext& ctx) {
  const absl::Duration end = ctx.time().Now() + duration_;
  const uint64_t nodes = ctx.topology().all_process_ips().size();
  while (ctx.time().Now() < end) {
    co_await ctx.time().Sleep(
        ctx.random().Range(kChangeMin, calm_ * kChangeMax));
    MembersRequest request = {.toggles = ctx.random().Chance({3, 4})};
    const int servers = request.toggles ? 1 : voters_;
    while (std::popcount(request.voters) < servers) {
      request.voters |= uint32_t{1} << ctx.random().Below(nodes);
    }
    Caller caller(&ctx, ctx.random().Below(nodes));
    const std::optional<Response> response = co_await caller.Ask(
        EncodeMembersRequest(request), kChangePatience);
    ASSERT_SOMETIMES(response.has_value(), "a membership change is begun");
  }
  co_return absl::OkStatus();
}

}  // namespace moonpool::raft
