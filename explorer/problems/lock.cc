// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// A lock with leases: a server lends it to one worker at a time, each with a
// clock of its own, that drifts, and with pauses. Whoever holds it works in
// steps and gives it back; a lease that is not given back runs out. The server
// waits for the whole lease; a worker, who looks at its clock before each step,
// stops a quarter earlier: as far as two clocks may drift apart meanwhile.
//
// bug=lease-overlap: the worker makes no such allowance. One with a slow clock
// that stood still may take a step when the lock is another's.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "explorer/campaign.h"
#include "explorer/problems/observer.h"
#include "explorer/problems/post.h"
#include "explorer/problems/trouble.h"
#include "providers/base/status_macros.h"
#include "providers/coro/task.h"
#include "sim/assertions/assertions.h"
#include "sim/runner/builder.h"
#include "sim/runner/context.h"
#include "sim/runner/process.h"
#include "sim/runner/workload.h"

namespace moonpool::problems {
namespace {

constexpr int kWorkers = 3;  // processes 1, 2 and 3; the server is 0
constexpr absl::Duration kLease = absl::Milliseconds(40);
constexpr absl::Duration kEighth = absl::Milliseconds(5);
// A clock's hour is between 54 and 66 minutes: 40 ms of the fastest are 32.7 of
// the slowest.
constexpr int64_t kDriftPpm = 100000;
constexpr absl::Duration kMargin = absl::Milliseconds(10);
constexpr absl::Duration kPatience = absl::Milliseconds(6);
constexpr absl::Duration kIdleMax = absl::Milliseconds(20);
constexpr int64_t kStepsMax = 4;
constexpr absl::Duration kStepMin = absl::Milliseconds(1);
constexpr absl::Duration kStepMax = absl::Milliseconds(6);
constexpr absl::Duration kRun = absl::Milliseconds(400);

enum Kind : int64_t {
  kAcquire,  // attempt
  kGranted,  // attempt, token
  kRelease,  // token
};

// Sees every step. Tokens grow from grant to grant, so the lock is another's as
// soon as somebody has taken a step with a later one. Draws nothing, sends
// nothing.
class Observer {
 public:
  void OnStep(int worker, int64_t token) {
    ASSERT_ALWAYS(token >= newest_, "at most one holder", {"worker", worker},
                  {"token", token}, {"newest", newest_});
    ASSERT_SOMETIMES(token > newest_ && newest_ > 0, "the lock changes hands");
    newest_ = std::max(newest_, token);
  }

 private:
  int64_t newest_ = 0;
};

class Server final : public Process {
 public:
  absl::string_view name() const override { return "server"; }

  Task<absl::Status> Run(SimContext& ctx) override {
    CO_ASSIGN_OR_RETURN(Post post, co_await Post::Open(ctx));
    for (;;) {
      const std::optional<Letter> letter =
          co_await post.Receive(absl::Seconds(1));
      if (!letter) continue;
      if (letter->At(0) == kRelease && letter->At(1) == token_) holder_ = "";
      if (letter->At(0) != kAcquire) continue;
      const absl::Duration now = ctx.time().Now();
      const bool has_expired = !holder_.empty() && now >= end_;
      if (!holder_.empty() && !has_expired && holder_ != letter->from) continue;
      ASSERT_SOMETIMES(has_expired, "a lease runs out");
      // Also to who holds it and has not heard of it: a lease of its own.
      holder_ = letter->from;
      end_ = now + kLease;
      co_await post.Send(letter->from, {kGranted, letter->At(1), ++token_});
    }
  }

 private:
  std::string holder_;  // empty: nobody
  absl::Duration end_;  // of its lease
  int64_t token_ = 0;   // of the last grant
};

class Worker final : public Process {
 public:
  explicit Worker(bool has_bug)
      : margin_(has_bug ? absl::ZeroDuration() : kMargin) {}
  absl::string_view name() const override { return "worker"; }

  Task<absl::Status> Run(SimContext& ctx) override {
    CO_ASSIGN_OR_RETURN(Post post, co_await Post::Open(ctx));
    const std::string server = ctx.topology().all_process_ips()[0];
    for (;;) {
      co_await ctx.time().Sleep(
          ctx.random().Range(absl::ZeroDuration(), kIdleMax));
      while (!co_await IsGranted(ctx, post, server)) {
      }
      co_await Work(ctx);
      co_await post.Send(server, {kRelease, token_});
    }
  }

 private:
  // One attempt. The lease counts from when it was asked for: it was granted
  // later.
  Task<bool> IsGranted(SimContext& ctx, Post& post, const std::string& server) {
    const absl::Duration asked = ctx.time().Now();
    co_await post.Send(server, {kAcquire, ++attempt_});
    std::optional<Letter> letter;
    do {
      letter = co_await post.Receive(asked + kPatience - ctx.time().Now());
    } while (letter && letter->At(1) != attempt_);
    if (!letter) co_return false;
    token_ = letter->At(2);
    end_ = asked + kLease;
    co_return true;
  }

  Task<void> Work(SimContext& ctx) {
    const int64_t steps = ctx.random().Range(int64_t{1}, kStepsMax);
    for (int64_t i = 0; i < steps; ++i) {
      const absl::Duration left = end_ - ctx.time().Now();
      ASSERT_SOMETIMES_EACH(
          "a holder looks at its lease",
          {{"eighths left", std::clamp<int64_t>(left / kEighth, -1, 4)}});
      if (left <= margin_) break;
      ObserverOf<Observer>(ctx).OnStep(ctx.client_id(), token_);
      co_await ctx.time().Sleep(ctx.random().Range(kStepMin, kStepMax));
    }
  }

  const absl::Duration margin_;
  int64_t attempt_ = 0;
  int64_t token_ = 0;
  absl::Duration end_;  // of the lease, without the margin
};

// Waits for the end; the workers have work enough.
class Audience final : public Workload {
 public:
  absl::string_view name() const override { return "audience"; }
  Task<absl::Status> Run(SimContext& ctx) override {
    co_await ctx.time().Sleep(kRun);
    co_return absl::OkStatus();
  }
};

}  // namespace

REGISTER_CAMPAIGN(lock, "A lock with leases, and clocks that drift") {
  const bool has_bug =
      params.Choice("bug", {"none", "lease-overlap"}, "what is wrong") !=
      "none";
  SimulationBuilder builder;
  builder.Network({.latency = {absl::Microseconds(200), absl::Milliseconds(1)}})
      .Processes({.factory = [] { return std::make_unique<Server>(); }})
      .Processes(
          {.count = kWorkers,
           .factory = [has_bug] { return std::make_unique<Worker>(has_bug); }})
      .Workload(std::make_unique<Audience>())
      .Fault([] {
        return std::make_unique<Trouble>(TroubleOptions{
            .network = {.datagram_loss = {1, 50}},
            .stall_pause =
                LatencyRange{absl::Milliseconds(20), absl::Milliseconds(200)},
            .stall = {absl::Milliseconds(5), absl::Milliseconds(60)},
            .drift_pause =
                LatencyRange{absl::ZeroDuration(), absl::Milliseconds(150)},
            .drift_ppm = kDriftPpm});
      })
      .StopAtViolation();
  return builder;
}

}  // namespace moonpool::problems
