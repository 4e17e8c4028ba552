// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The guide's process: a key-value server that keeps everything in memory.
#ifndef MOONPOOL_SIM_GUIDE_KV_SERVER_H_
#define MOONPOOL_SIM_GUIDE_KV_SERVER_H_

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "providers/base/status_macros.h"
#include "sim/guide/counters.h"
#include "sim/guide/message.h"
#include "sim/runner/process.h"

namespace moonpool::guide {

// [guide:process]
class KvServer : public Process {
 public:
  absl::string_view name() const override { return "kv"; }

  Task<absl::Status> Run(SimContext& ctx) override {
    CO_RETURN_IF_ERROR(co_await Open(ctx));
    CO_ASSIGN_OR_RETURN(std::unique_ptr<Listener> listener,
                        co_await ctx.network().Bind(ctx.my_ip()));
    while (!ctx.shutdown().is_cancelled()) {
      const absl::StatusOr<Accepted> client = co_await ctx.time().Timeout(
          absl::Milliseconds(100), listener->Accept());
      // Nobody came: look at the shutdown token again.
      if (absl::IsDeadlineExceeded(client.status())) continue;
      CO_RETURN_IF_ERROR(client.status());
      co_await Serve(ctx, *client->stream);
    }
    co_return absl::OkStatus();
  }

 protected:
  // For the durable server of the last chapter.
  virtual Task<absl::Status> Open(SimContext&) { co_return absl::OkStatus(); }
  virtual Task<absl::Status> Set(std::string key, std::string value) {
    store_[std::move(key)] = std::move(value);
    co_return absl::OkStatus();
  }
  std::map<std::string, std::string> store_;

 private:
  // One request to a connection, one connection after another.
  Task<void> Serve(SimContext& ctx, Stream& stream) {
    const absl::StatusOr<std::string> request =
        co_await ctx.time().Timeout(absl::Seconds(1), ReadMessage(stream));
    if (!request.ok()) co_return;
    const absl::StatusOr<std::string> reply = co_await Handle(ctx, *request);
    if (!reply.ok()) co_return;
    // Whether the client hears of it is the client's problem.
    (void)co_await WriteMessage(stream, *reply);
  }

  Task<absl::StatusOr<std::string>> Handle(SimContext& ctx,
                                           std::string request) {
    const std::vector<std::string> words = absl::StrSplit(request, ' ');
    if (words[0] == "get" && words.size() == 2) {
      const auto found = store_.find(words[1]);
      co_return found == store_.end() ? std::string() : found->second;
    }
    if (words[0] == "set" && words.size() == 3) {
      CO_RETURN_IF_ERROR(co_await Set(words[1], words[2]));
      Count(ctx.state(), kSetsMade);
      co_return std::string("ok");
    }
    co_return absl::InvalidArgumentError("neither a get nor a set");
  }
};
// [/guide:process]

}  // namespace moonpool::guide

#endif  // MOONPOOL_SIM_GUIDE_KV_SERVER_H_
