// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/campaigns/wal/server.h"

#include <algorithm>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "explorer/campaigns/kv_protocol.h"
#include "providers/base/status_macros.h"
#include "sim/assertions/assertions.h"

namespace moonpool::wal {
namespace {

// Changes that are logged with one sync.
constexpr size_t kBatchMax = 4;
constexpr absl::Duration kOpenPause = absl::Milliseconds(1);
// Milestones count no further.
constexpr uint64_t kCountMax = 3;

// What was new in one Open, as milestones of the search.
void MarkRecovery(const Stats& before, const Stats& after, uint64_t opened) {
  const bool torn = after.torn_tails > before.torn_tails;
  const bool stale = after.stale_records > before.stale_records;
  const bool replayed = after.replayed > before.replayed;
  const bool mended = after.mended_records > before.mended_records;
  const bool mended_checkpoint =
      after.mended_checkpoints > before.mended_checkpoints;
  const bool half = after.half_checkpoints > before.half_checkpoints;
  ASSERT_SOMETIMES(replayed, "recovery replays the log");
  ASSERT_SOMETIMES(torn, "recovery finds a torn tail");
  ASSERT_SOMETIMES(stale, "recovery finds records of an earlier life");
  ASSERT_SOMETIMES(mended, "recovery reads a record from the other copy");
  ASSERT_SOMETIMES(mended_checkpoint,
                   "recovery reads the checkpoint from the other copy");
  ASSERT_SOMETIMES(half, "recovery finds checkpoints of different age");
  ASSERT_SOMETIMES(after.bad_sectors > before.bad_sectors,
                   "recovery meets a bad sector");
  ASSERT_SOMETIMES_EACH("wal recovery",
                        {{"opened", std::min(opened, kCountMax)},
                         {"replayed", replayed},
                         {"torn", torn},
                         {"stale", stale},
                         {"mended", mended || mended_checkpoint},
                         {"half", half}});
}

void MarkProgress(const Stats& stats) {
  ASSERT_SOMETIMES(stats.recycled_segments > 0, "a segment is recycled");
  ASSERT_SOMETIMES(stats.checkpoints > 0,
                   "a checkpoint is taken because the log is long");
  ASSERT_SOMETIMES_EACH(
      "wal progress",
      {{"checkpoints", std::min(stats.checkpoints, kCountMax)},
       {"recycled", std::min(stats.recycled_segments, kCountMax)}});
}

}  // namespace

Task<absl::Status> Server::Run(SimContext& ctx) {
  witness_ = Witness::Of(ctx.state());
  ctx.tasks().Spawn(&Server::RunStore, this, &ctx);
  JoinHandle accepting = ctx.tasks().Spawn(&Server::Accept, this, &ctx);
  co_await ctx.shutdown().Cancelled();
  accepting.Abort();
  co_return absl::OkStatus();
}

Task<absl::Status> Server::Accept(SimContext* ctx) {
  CO_ASSIGN_OR_RETURN(std::unique_ptr<Listener> listener,
                      co_await ctx->network().Bind(ctx->my_ip()));
  for (;;) {
    CO_ASSIGN_OR_RETURN(Accepted accepted, co_await listener->Accept());
    latest_ = std::move(accepted.stream);
    ctx->tasks().Spawn(&Server::Receive, this, latest_);
  }
}

Task<void> Server::Receive(Connection connection) {
  for (;;) {
    const absl::StatusOr<std::string> payload =
        co_await ReadKvFrame(*connection);
    if (!payload.ok() || connection != latest_) co_return;
    std::optional<Request> request = DecodeRequest(*payload);
    if (!request.has_value()) co_return;
    calls_.push_back({connection, *std::move(request)});
    called_.WakeOne();
  }
}

Task<void> Server::RunStore(SimContext* ctx) {
  for (;;) {
    std::unique_ptr<Store> store = co_await OpenStore(*ctx);
    if (store == nullptr) break;
    (void)co_await Serve(*store);
    ASSERT_REACHABLE("a store fails and is recovered in place");
    // Nobody will hear of what was not acknowledged.
    if (latest_ != nullptr) latest_->CloseWrite();
    latest_ = nullptr;
    calls_.clear();
  }
  co_await ServeLost();
}

Task<std::unique_ptr<Store>> Server::OpenStore(SimContext& ctx) {
  Stats& stats = witness_->stats;
  for (;;) {
    const Stats before = stats;
    witness_->OnOpen(ctx.world());
    absl::StatusOr<std::unique_ptr<Store>> store =
        co_await Store::Open(&ctx.storage(), options_, &stats);
    if (store.ok()) {
      witness_->OnOpened(ctx.world(), true);
      MarkRecovery(before, stats, witness_->opened());
      co_return *std::move(store);
    }
    if (absl::IsDataLoss(store.status())) {
      witness_->OnOpened(ctx.world(), false);
      co_return nullptr;
    }
    ASSERT_REACHABLE("a store cannot be opened at once");
    co_await ctx.time().Sleep(kOpenPause);
  }
}

Task<absl::Status> Server::Serve(Store& store) {
  for (;;) {
    DropOldCalls();
    if (calls_.empty()) {
      co_await called_.Wait();
      continue;
    }
    const Connection to = calls_.front().from;
    std::vector<Change> changes;
    while (!calls_.empty() && changes.size() < kBatchMax &&
           calls_.front().request.kind == Request::Kind::kChange) {
      changes.push_back(std::move(calls_.front().request.change));
      calls_.pop_front();
    }
    std::string replies;
    if (!changes.empty()) {
      ASSERT_SOMETIMES(changes.size() > 1, "changes share a sync");
      CO_RETURN_IF_ERROR(co_await store.Commit(changes));
      MarkProgress(witness_->stats);
      const std::string reply = Frame(EncodeReply(Reply()));
      for (size_t i = 0; i < changes.size(); ++i) replies += reply;
    } else {
      const Request request = std::move(calls_.front().request);
      calls_.pop_front();
      Reply reply;
      if (request.kind == Request::Kind::kDump) {
        reply.result = EncodeState(store.state());
      } else if (const auto it = store.state().find(request.change.key);
                 it != store.state().end()) {
        reply.result = it->second;
      }
      replies = Frame(EncodeReply(reply));
    }
    co_await Send(to, std::move(replies));
  }
}

Task<void> Server::ServeLost() {
  for (;;) {
    DropOldCalls();
    if (calls_.empty()) {
      co_await called_.Wait();
      continue;
    }
    const Connection to = calls_.front().from;
    calls_.pop_front();
    co_await Send(to, Frame(EncodeReply({.is_lost = true, .result = ""})));
  }
}

// A client that is gone needs no answer.
Task<void> Server::Send(Connection to, std::string frames) {
  (void)co_await to->Write(frames);
}

void Server::DropOldCalls() {
  while (!calls_.empty() && calls_.front().from != latest_) calls_.pop_front();
}

}  // namespace moonpool::wal
