// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The guide's servers with a log: one that forgets to sync, and one that does
// not.
#ifndef MOONPOOL_SIM_GUIDE_DURABLE_SERVER_H_
#define MOONPOOL_SIM_GUIDE_DURABLE_SERVER_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "providers/base/status_macros.h"
#include "providers/storage.h"
#include "sim/assertions/assertions.h"
#include "sim/guide/kv_server.h"

namespace moonpool::guide {

// [guide:logged]
class LoggedKvServer : public KvServer {
 protected:
  Task<absl::Status> Open(SimContext& ctx) override {
    CO_ASSIGN_OR_RETURN(log_,
                        co_await ctx.storage().Open("log", {.create = true}));
    CO_ASSIGN_OR_RETURN(const std::string text, co_await log_->ReadAll());
    for (absl::string_view line :
         absl::StrSplit(text, '\n', absl::SkipEmpty())) {
      const std::vector<std::string> words = absl::StrSplit(line, ' ');
      store_[words[0]] = words[1];
    }
    ASSERT_SOMETIMES(!store_.empty(), "a server finds its data again");
    co_return absl::OkStatus();
  }

  Task<absl::Status> Set(std::string key, std::string value) override {
    CO_RETURN_IF_ERROR(
        co_await log_->Append(absl::StrCat(key, " ", value, "\n")));
    co_return co_await KvServer::Set(std::move(key), std::move(value));
  }

  std::unique_ptr<File> log_;
};
// [/guide:logged]

// [guide:synced]
class SyncedKvServer : public LoggedKvServer {
 protected:
  Task<absl::Status> Open(SimContext& ctx) override {
    CO_RETURN_IF_ERROR(co_await LoggedKvServer::Open(ctx));
    // The predecessor may have been stopped between Append and Sync.
    CO_RETURN_IF_ERROR(co_await log_->Sync());
    co_return co_await ctx.storage().SyncDirectory("");
  }

  Task<absl::Status> Set(std::string key, std::string value) override {
    CO_RETURN_IF_ERROR(
        co_await log_->Append(absl::StrCat(key, " ", value, "\n")));
    CO_RETURN_IF_ERROR(co_await log_->Sync());
    co_return co_await KvServer::Set(std::move(key), std::move(value));
  }
};
// [/guide:synced]

}  // namespace moonpool::guide

#endif  // MOONPOOL_SIM_GUIDE_DURABLE_SERVER_H_
