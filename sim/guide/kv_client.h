// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The guide's workload: a client that knows what each of its keys may hold.
#ifndef MOONPOOL_SIM_GUIDE_KV_CLIENT_H_
#define MOONPOOL_SIM_GUIDE_KV_CLIENT_H_

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "providers/base/status_macros.h"
#include "sim/assertions/assertions.h"
#include "sim/checkers/models.h"
#include "sim/checkers/possible_states.h"
#include "sim/guide/counters.h"
#include "sim/guide/message.h"
#include "sim/runner/workload.h"

namespace moonpool::guide {

// [guide:workload]
class KvClient : public Workload {
 public:
  static constexpr int kOperations = 100;
  static constexpr int kKeys = 5;

  absl::string_view name() const override { return "client"; }

  Task<absl::Status> Setup(SimContext& ctx) override {
    servers_ = ctx.topology().ips_tagged("role", "store");
    if (servers_.empty()) {
      co_return absl::FailedPreconditionError("no process is a store");
    }
    co_return absl::OkStatus();
  }

  Task<absl::Status> Run(SimContext& ctx) override {
    for (int i = 0; i < kOperations; ++i) {
      const int key = static_cast<int>(ctx.random().Below(kKeys));
      switch (ctx.random().Weighted({40, 40, 20})) {
        case 0:
          co_await Set(ctx, key, absl::StrCat("v", i));
          break;
        case 1:
          (void)co_await Get(ctx, key);
          break;
        default:
          co_await ctx.time().Sleep(absl::Seconds(1));
      }
    }
    co_return absl::OkStatus();
  }
  // [/guide:workload]

  // [guide:check]
  Task<absl::Status> Check(SimContext& ctx) override {
    for (int key = 0; key < kKeys; ++key) {
      absl::Status status = co_await Get(ctx, key);
      for (int retries = 10; !status.ok() && retries > 0; --retries) {
        co_await ctx.time().Sleep(absl::Milliseconds(100));
        status = co_await Get(ctx, key);
      }
      CO_RETURN_IF_ERROR(status);
    }
    co_return absl::OkStatus();
  }
  // [/guide:check]

 private:
  // [guide:operations]
  Task<void> Set(SimContext& ctx, int key, std::string value) {
    const std::string name = NameOf(ctx, key);
    const absl::StatusOr<std::string> reply =
        co_await Call(ctx, key, absl::StrCat("set ", name, " ", value));
    const bool done = reply.ok() && *reply == "ok";
    ASSERT_SOMETIMES(done, "a set succeeds");
    ASSERT_SOMETIMES(!done, "a set fails");
    if (done) {
      Count(ctx.state(), kSetsAcknowledged);
      possible_.Complete(KvMapModel::Put(name, value), {});
    } else {
      possible_.Unknown(KvMapModel::Put(name, value));
      failed_values_.insert(value);
    }
  }

  Task<absl::Status> Get(SimContext& ctx, int key) {
    const std::string name = NameOf(ctx, key);
    CO_ASSIGN_OR_RETURN(const std::string reply,
                        co_await Call(ctx, key, absl::StrCat("get ", name)));
    std::optional<std::string> value;
    if (!reply.empty()) value = reply;
    ASSERT_SOMETIMES(value.has_value(), "a get finds a value");
    ASSERT_SOMETIMES(failed_values_.contains(reply),
                     "a failed set has happened");
    ASSERT_ALWAYS(possible_.Complete(KvMapModel::Get(name), {.value = value}),
                  "a get returns what was set", {"key", name},
                  {"got", absl::StrCat("\"", reply, "\"")},
                  {"possible", possible_.Describe(name)});
    co_return absl::OkStatus();
  }
  // [/guide:operations]

  // [guide:call]
  // No other client uses these keys, and each is on one server.
  std::string NameOf(SimContext& ctx, int key) const {
    return absl::StrCat("c", ctx.client_id(), "-k", key);
  }
  Task<absl::StatusOr<std::string>> Call(SimContext& ctx, int key,
                                         std::string request) {
    const std::string server = servers_[key % servers_.size()];
    co_return co_await ctx.time().Timeout(
        absl::Seconds(1), Exchange(ctx, server, std::move(request)));
  }
  Task<absl::StatusOr<std::string>> Exchange(SimContext& ctx,
                                             std::string server,
                                             std::string request) {
    CO_ASSIGN_OR_RETURN(std::unique_ptr<Stream> stream,
                        co_await ctx.network().Connect(std::move(server)));
    CO_RETURN_IF_ERROR(co_await WriteMessage(*stream, std::move(request)));
    co_return co_await ReadMessage(*stream);
  }

  std::vector<std::string> servers_;
  PossibleStates<KvMapModel> possible_;
  std::set<std::string> failed_values_;
  // [/guide:call]
};

}  // namespace moonpool::guide

#endif  // MOONPOOL_SIM_GUIDE_KV_CLIENT_H_
