// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/campaigns/wal/workload.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "explorer/campaigns/kv_protocol.h"
#include "providers/base/status_macros.h"
#include "sim/assertions/assertions.h"

namespace moonpool::wal {
namespace {

constexpr int64_t kBurstMax = 5;
constexpr uint64_t kRemoveOneIn = 8;
// Some values need a second sector.
constexpr int64_t kPaddingMax = 700;
constexpr absl::Duration kPauseMax = absl::Milliseconds(6);
constexpr absl::Duration kCallTimeout = absl::Seconds(2);
constexpr absl::Duration kRetryPause = absl::Milliseconds(3);
constexpr int kRetries = 2000;

std::string KeyName(uint64_t index) { return absl::StrCat("k", index); }

}  // namespace

Task<absl::Status> Client::Setup(SimContext& ctx) {
  model_ = Model();
  witness_ = Witness::Of(ctx.state());
  if (both_damaged_) witness_->ExpectDamageInBothCopies();
  stream_ = nullptr;
  changes_ = 0;
  is_over_ = false;
  co_return absl::OkStatus();
}

Task<absl::Status> Client::Run(SimContext& ctx) {
  for (int i = 0; i < bursts_ && !is_over_; ++i) {
    absl::Status status;
    if (stream_ == nullptr) {
      status = co_await ctx.time().Timeout(kCallTimeout, Connect(ctx));
    }
    if (status.ok() && !is_over_) {
      status = co_await ctx.time().Timeout(kCallTimeout, Burst(ctx));
    }
    if (!status.ok()) stream_ = nullptr;
    co_await ctx.time().Sleep(
        ctx.random().Range(absl::ZeroDuration(), kPauseMax));
  }
  co_return absl::OkStatus();
}

Task<absl::Status> Client::Check(SimContext& ctx) {
  absl::Status status;
  for (int i = 0; i < kRetries && !is_over_; ++i) {
    stream_ = nullptr;
    status = co_await ctx.time().Timeout(kCallTimeout, Connect(ctx));
    if (status.ok()) break;
    co_await ctx.time().Sleep(kRetryPause);
  }
  stream_ = nullptr;
  co_return is_over_ ? absl::OkStatus() : status;
}

Task<absl::Status> Client::Connect(SimContext& ctx) {
  const std::string server = ctx.topology().all_process_ips().front();
  CO_ASSIGN_OR_RETURN(stream_, co_await ctx.network().Connect(server));
  const std::string dump = Frame(EncodeRequest(Request()));
  CO_RETURN_IF_ERROR(co_await stream_->Write(dump));
  CO_ASSIGN_OR_RETURN(const std::string result, co_await ReadReply());
  if (is_over_) co_return absl::OkStatus();
  const std::optional<State> found = DecodeState(result);
  ASSERT_ALWAYS(found.has_value(), "a dump can be decoded");
  if (found.has_value()) CheckDump(*found);
  co_return absl::OkStatus();
}

void Client::CheckDump(const State& found) {
  ASSERT_ALWAYS(model_.AreKnown(found),
                "nothing is read that was never written",
                {"difference", model_.Describe(found)});
  const size_t in_doubt = model_.in_doubt();
  const State before = model_.state();
  const bool is_legal = model_.Resolve(found);
  if (witness_->is_ruined()) {
    is_over_ = true;
    return;
  }
  ASSERT_ALWAYS(
      is_legal, "all that was acknowledged is there, and a prefix of the rest",
      {"difference", model_.Describe(found)}, {"in_doubt", model_.in_doubt()});
  if (!is_legal) is_over_ = true;  // what follows from that is no news
  ASSERT_SOMETIMES(in_doubt > 0 && found != before,
                   "changes in doubt have happened");
  ASSERT_SOMETIMES(in_doubt > 0 && found == before,
                   "changes in doubt have not happened");
}

Task<absl::Status> Client::Burst(SimContext& ctx) {
  const int64_t count = ctx.random().Range(int64_t{1}, kBurstMax);
  std::string frames;
  for (int64_t i = 0; i < count; ++i) {
    Change change = DrawChange(ctx.random());
    model_.Submit(change);
    frames += Frame(EncodeRequest(
        {.kind = Request::Kind::kChange, .change = std::move(change)}));
  }
  const std::string key = KeyName(ctx.random().Below(kKeys));
  frames += Frame(EncodeRequest(
      {.kind = Request::Kind::kGet, .change = {.key = key, .value = {}}}));
  CO_RETURN_IF_ERROR(co_await stream_->Write(frames));
  for (int64_t i = 0; i < count; ++i) {
    CO_RETURN_IF_ERROR(co_await ReadReply());
    if (is_over_) co_return absl::OkStatus();
    model_.Acknowledge();
  }
  CO_ASSIGN_OR_RETURN(const std::string got, co_await ReadReply());
  if (is_over_ || witness_->is_ruined()) co_return absl::OkStatus();
  const auto it = model_.state().find(key);
  const std::string wanted = it == model_.state().end() ? "" : it->second;
  ASSERT_ALWAYS(got == wanted, "a read returns the last value written",
                {"key", key}, {"got", got}, {"wanted", wanted});
  co_return absl::OkStatus();
}

Task<absl::StatusOr<std::string>> Client::ReadReply() {
  CO_ASSIGN_OR_RETURN(const std::string payload,
                      co_await ReadKvFrame(*stream_));
  std::optional<Reply> reply = DecodeReply(payload);
  if (!reply.has_value()) co_return absl::InternalError("a strange reply");
  if (reply->is_lost) {
    is_over_ = true;
    ASSERT_ALWAYS_OR_UNREACHABLE(
        witness_->is_ruined(),
        "the store says that data is lost only if it was damaged twice");
  }
  co_return std::move(reply->result);
}

// Every value is used once, and says which one it is.
Change Client::DrawChange(Random& random) {
  Change change;
  change.key = KeyName(random.Below(kKeys));
  const bool is_removal = random.Below(kRemoveOneIn) == 0;
  const int64_t padding = random.Range(int64_t{0}, kPaddingMax);
  ++changes_;
  if (is_removal) return change;
  change.value = absl::StrCat("v", changes_, "-");
  change.value->append(static_cast<size_t>(padding),
                       static_cast<char>('a' + changes_ % 26));
  return change;
}

}  // namespace moonpool::wal
