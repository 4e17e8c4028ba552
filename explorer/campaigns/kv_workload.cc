// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/campaigns/kv_workload.h"

#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "explorer/campaigns/kv_protocol.h"
#include "providers/base/status_macros.h"
#include "sim/assertions/assertions.h"

namespace moonpool {
namespace {

constexpr absl::Duration kCallTimeout = absl::Seconds(1);
constexpr absl::Duration kSleep = absl::Milliseconds(10);
constexpr absl::Duration kPauseMin = absl::Milliseconds(50);
constexpr absl::Duration kPauseMax = absl::Milliseconds(350);
// Of the final check, when every server is up or about to be.
constexpr absl::Duration kRetryPause = absl::Milliseconds(100);
constexpr int kRetries = 100;

std::string KeyName(uint64_t index) { return absl::StrCat("k", index); }

}  // namespace

Task<absl::Status> KvWorkload::Setup(SimContext& ctx) {
  model_.Clear();
  failed_.clear();
  if (ctx.topology().all_process_ips().empty()) {
    co_return absl::FailedPreconditionError("there are no servers");
  }
  co_return absl::OkStatus();
}

Task<absl::Status> KvWorkload::Run(SimContext& ctx) {
  for (int i = 0; i < operations_ && !ctx.shutdown().is_cancelled(); ++i) {
    const std::string server =
        ctx.random().Pick(ctx.topology().all_process_ips());
    const size_t operation = ctx.random().Weighted({40, 40, 20});
    if (operation == 2) {
      co_await ctx.time().Sleep(kSleep);
    } else {
      std::string key = KeyName(ctx.random().Below(kKeys));
      if (operation == 0) {
        co_await Set(ctx, server, std::move(key), absl::StrCat("v", i));
      } else {
        (void)co_await Get(ctx, server, std::move(key));
      }
      ctx.state().Publish(kModelSize, model_.size());
    }
    co_await ctx.time().Sleep(ctx.random().Range(kPauseMin, kPauseMax));
  }
  co_return absl::OkStatus();
}

Task<absl::Status> KvWorkload::Check(SimContext& ctx) {
  const std::vector<std::string> servers = ctx.topology().all_process_ips();
  for (const std::string& server : servers) {
    for (uint64_t index = 0; index < kKeys; ++index) {
      CO_RETURN_IF_ERROR(co_await GetWithRetries(ctx, server, KeyName(index)));
    }
  }
  co_return absl::OkStatus();
}

Task<absl::StatusOr<std::string>> KvWorkload::Call(SimContext& ctx,
                                                   std::string server,
                                                   std::string request,
                                                   bool* sent) {
  CO_ASSIGN_OR_RETURN(std::unique_ptr<Stream> stream,
                      co_await ctx.network().Connect(server));
  *sent = true;
  CO_RETURN_IF_ERROR(co_await WriteKvFrame(*stream, request));
  co_return co_await ReadKvFrame(*stream);
}

Task<void> KvWorkload::Set(SimContext& ctx, std::string server, std::string key,
                           std::string value) {
  bool sent = false;
  const absl::StatusOr<std::string> reply = co_await ctx.time().Timeout(
      kCallTimeout, Call(ctx, server, EncodeKvSet(key, value), &sent));
  KvWrite outcome = KvWrite::kAcknowledged;
  if (!reply.ok()) outcome = sent ? KvWrite::kUnknown : KvWrite::kNotSent;
  model_.Set(server, key, value, outcome);
  ASSERT_SOMETIMES(reply.ok(), "a set succeeds");
  ASSERT_SOMETIMES(!reply.ok(), "a set fails");
  ASSERT_SOMETIMES(outcome == KvWrite::kUnknown,
                   "a set may or may not have happened");
  if (reply.ok()) {
    ASSERT_SOMETIMES(failed_.contains(server), "a set after a failure");
    failed_.erase(server);
  } else {
    failed_.insert(server);
  }
}

Task<absl::Status> KvWorkload::Get(SimContext& ctx, std::string server,
                                   std::string key) {
  bool sent = false;
  const absl::StatusOr<std::string> got = co_await ctx.time().Timeout(
      kCallTimeout, Call(ctx, server, EncodeKvGet(key), &sent));
  ASSERT_SOMETIMES(got.ok(), "a get succeeds");
  ASSERT_SOMETIMES(!got.ok(), "a get fails");
  if (!got.ok()) {
    failed_.insert(server);
    co_return got.status();
  }
  ASSERT_ALWAYS(model_.Allows(server, key, *got),
                "a read returns a value that was written", {"server", server},
                {"key", key}, {"got", absl::StrCat("\"", *got, "\"")},
                {"wanted", model_.Describe(server, key)});
  ASSERT_SOMETIMES(!got->empty(), "a get finds a value");
  ASSERT_SOMETIMES(model_.IsAmbiguous(server, key, *got),
                   "a get shows that a failed set happened");
  ASSERT_SOMETIMES(failed_.contains(server), "a get after a failure");
  failed_.erase(server);
  co_return absl::OkStatus();
}

Task<absl::Status> KvWorkload::GetWithRetries(SimContext& ctx,
                                              std::string server,
                                              std::string key) {
  absl::Status status;
  for (int tries = 0; tries < kRetries; ++tries) {
    status = co_await Get(ctx, server, key);
    if (status.ok()) break;
    co_await ctx.time().Sleep(kRetryPause);
  }
  co_return status;
}

}  // namespace moonpool
