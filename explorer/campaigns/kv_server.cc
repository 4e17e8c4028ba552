// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/campaigns/kv_server.h"

#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "providers/base/status_macros.h"
#include "sim/assertions/assertions.h"

namespace moonpool {
namespace {

constexpr absl::Duration kAcceptTimeout = absl::Milliseconds(100);

}  // namespace

Task<absl::Status> KvServer::Run(SimContext& ctx) {
  if (durable_) CO_RETURN_IF_ERROR(co_await Recover(ctx));
  CO_ASSIGN_OR_RETURN(std::unique_ptr<Listener> listener,
                      co_await ctx.network().Bind(ctx.my_ip()));
  while (!ctx.shutdown().is_cancelled()) {
    CO_RETURN_IF_ERROR(log_status_);
    absl::StatusOr<Accepted> accepted =
        co_await ctx.time().Timeout(kAcceptTimeout, listener->Accept());
    // Nobody came: look at the shutdown token again.
    if (absl::IsDeadlineExceeded(accepted.status())) continue;
    CO_RETURN_IF_ERROR(accepted.status());
    ctx.tasks().Spawn(
        [](KvServer* self, std::unique_ptr<Stream> stream) -> Task<void> {
          co_await self->Serve(std::move(stream));
        },
        this, std::move(accepted->stream));
  }
  co_return absl::OkStatus();
}

Task<absl::Status> KvServer::Recover(SimContext& ctx) {
  CO_ASSIGN_OR_RETURN(log_, co_await KvLog::Open(ctx.storage()));
  for (KvLog::Record& record : log_->TakeRecovered()) {
    store_[std::move(record.key)] = std::move(record.value);
  }
  ASSERT_SOMETIMES(!store_.empty(), "a server recovers data from its log");
  ctx.tasks().Spawn(
      [](KvServer* self) -> Task<void> {
        self->log_status_ = co_await self->WriteLog();
      },
      this);
  co_return absl::OkStatus();
}

Task<void> KvServer::Serve(std::unique_ptr<Stream> stream) {
  for (;;) {
    const absl::StatusOr<std::string> payload = co_await ReadKvFrame(*stream);
    if (!payload.ok()) co_return;  // closed, or reset
    std::optional<KvRequest> request = DecodeKvRequest(*payload);
    if (!request.has_value()) co_return;
    std::string reply;
    if (request->is_set) {
      reply = request->value;
      co_await Set(std::move(request->key), std::move(request->value));
    } else {
      const auto it = store_.find(request->key);
      if (it != store_.end()) reply = it->second;
    }
    const absl::Status written =
        co_await WriteKvFrame(*stream, std::move(reply));
    if (!written.ok()) co_return;
  }
}

Task<void> KvServer::Set(std::string key, std::string value) {
  if (!durable_) {
    store_[std::move(key)] = std::move(value);
    co_return;
  }
  queue_.push_back(KvLog::Record{std::move(key), std::move(value)});
  const uint64_t number = ++queued_;
  queue_filled_.WakeOne();
  while (applied_ < number) co_await batch_applied_.Wait();
}

Task<absl::Status> KvServer::WriteLog() {
  for (;;) {
    while (queue_.empty()) co_await queue_filled_.Wait();
    std::vector<KvLog::Record> batch = std::exchange(queue_, {});
    CO_RETURN_IF_ERROR(co_await log_->Append(batch));
    for (KvLog::Record& record : batch) {
      store_[std::move(record.key)] = std::move(record.value);
      ++applied_;
    }
    batch_applied_.WakeAll();
  }
}

}  // namespace moonpool
