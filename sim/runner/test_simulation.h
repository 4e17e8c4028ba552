// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// What the runner's tests share: processes, workloads and injectors whose
// bodies are lambdas.
#ifndef MOONPOOL_SIM_RUNNER_TEST_SIMULATION_H_
#define MOONPOOL_SIM_RUNNER_TEST_SIMULATION_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "providers/base/status_macros.h"
#include "providers/coro/cancellation.h"
#include "sim/runner/builder.h"

namespace moonpool {

// A copyable function from Context to Task; std::function cannot return one,
// as it is not a coroutine.
template <typename Context>
class Coroutine {
 public:
  template <typename Function>
  Coroutine(Function function)  // NOLINT: lambdas convert
      : model_(std::make_shared<Model<Function>>(std::move(function))) {}
  Task<absl::Status> operator()(Context& ctx) const {
    co_return co_await model_->Run(ctx);
  }

 private:
  struct Base {
    virtual ~Base() = default;
    virtual Task<absl::Status> Run(Context& ctx) = 0;
  };
  template <typename Function>
  struct Model final : Base {
    explicit Model(Function function) : function(std::move(function)) {}
    Task<absl::Status> Run(Context& ctx) override {
      co_return co_await function(ctx);
    }
    Function function;
  };
  std::shared_ptr<Base> model_;
};
using Body = Coroutine<SimContext>;
using FaultBody = Coroutine<FaultContext>;

inline Task<absl::Status> Nothing(SimContext&) { co_return absl::OkStatus(); }

inline Task<absl::Status> UntilShutdown(SimContext& ctx) {
  co_await ctx.shutdown().Cancelled();
  co_return absl::OkStatus();
}

inline Task<absl::Status> SleepFor(Time& time, absl::Duration delay) {
  co_await time.Sleep(delay);
  co_return absl::OkStatus();
}

inline Body Sleeping(absl::Duration delay) {
  return [delay](SimContext& ctx) -> Task<absl::Status> {
    co_await ctx.time().Sleep(delay);
    co_return absl::OkStatus();
  };
}

class TestProcess final : public Process {
 public:
  explicit TestProcess(Body run) : run_(std::move(run)) {}
  absl::string_view name() const override { return "server"; }
  Task<absl::Status> Run(SimContext& ctx) override {
    co_return co_await run_(ctx);
  }

 private:
  Body run_;
};

struct Steps {
  Body setup = Nothing;
  Body run = Nothing;
  Body check = Nothing;
};

class TestWorkload final : public Workload {
 public:
  explicit TestWorkload(Steps steps) : steps_(std::move(steps)) {}
  absl::string_view name() const override { return "driver"; }
  Task<absl::Status> Setup(SimContext& ctx) override {
    co_return co_await steps_.setup(ctx);
  }
  Task<absl::Status> Run(SimContext& ctx) override {
    co_return co_await steps_.run(ctx);
  }
  Task<absl::Status> Check(SimContext& ctx) override {
    co_return co_await steps_.check(ctx);
  }

 private:
  Steps steps_;
};

class TestInjector final : public FaultInjector {
 public:
  explicit TestInjector(FaultBody body) : body_(std::move(body)) {}
  absl::string_view name() const override { return "gremlin"; }
  Task<absl::Status> Inject(FaultContext& ctx) override {
    co_return co_await body_(ctx);
  }

 private:
  FaultBody body_;
};

inline ProcessOptions Servers(CountRange count, Body run) {
  ProcessOptions options;
  options.count = count;
  options.factory = [run = std::move(run)] {
    return std::make_unique<TestProcess>(run);
  };
  return options;
}

inline std::unique_ptr<Workload> Driver(Steps steps) {
  return std::make_unique<TestWorkload>(std::move(steps));
}

inline std::function<std::unique_ptr<FaultInjector>()> Gremlin(FaultBody body) {
  return [body = std::move(body)] {
    return std::make_unique<TestInjector>(body);
  };
}

inline uint64_t SeedOfRun(SimContext& ctx) {
  return ctx.world().random().root_seed();
}

inline Task<absl::Status> WriteFile(SimContext& ctx, std::string path, bool sync) {
  CO_ASSIGN_OR_RETURN(auto file,
                      co_await ctx.storage().Open(path, {.create = true}));
  CO_RETURN_IF_ERROR(co_await file->Append("data"));
  if (sync) {
    CO_RETURN_IF_ERROR(co_await file->Sync());
    CO_RETURN_IF_ERROR(co_await ctx.storage().SyncDirectory(""));
  }
  co_return absl::OkStatus();
}

// "" if there is no such file.
inline Task<absl::StatusOr<std::string>> ReadFile(SimContext& ctx, std::string path) {
  auto file = co_await ctx.storage().Open(path);
  if (absl::IsNotFound(file.status())) co_return std::string();
  if (!file.ok()) co_return file.status();
  co_return co_await (*file)->ReadAll();
}

inline Task<absl::Status> Echo(SimContext& ctx) {
  auto serve = [](std::unique_ptr<Stream> stream) -> Task<absl::Status> {
    char bytes[4];
    CO_RETURN_IF_ERROR(co_await stream->ReadFull(absl::MakeSpan(bytes)));
    co_return co_await stream->Write(absl::string_view(bytes, sizeof(bytes)));
  };
  CO_ASSIGN_OR_RETURN(auto listener, co_await ctx.network().Bind(ctx.my_ip()));
  for (;;) {
    CO_ASSIGN_OR_RETURN(Accepted peer, co_await listener->Accept());
    ctx.tasks().Spawn(serve, std::move(peer.stream));
  }
}

inline Task<absl::Status> Call(SimContext& ctx, std::string ip) {
  CO_ASSIGN_OR_RETURN(auto stream, co_await ctx.network().Connect(ip));
  CO_RETURN_IF_ERROR(co_await stream->Write("ping"));
  char bytes[4];
  CO_RETURN_IF_ERROR(co_await stream->ReadFull(absl::MakeSpan(bytes)));
  if (absl::string_view(bytes, sizeof(bytes)) != "ping") {
    co_return absl::DataLossError("another echo");
  }
  co_return absl::OkStatus();
}

inline SimulationBuilder WithRun(Body run) {
  SimulationBuilder builder;
  builder.Workload(Driver({.run = std::move(run)}));
  return builder;
}

}  // namespace moonpool

#endif  // MOONPOOL_SIM_RUNNER_TEST_SIMULATION_H_
