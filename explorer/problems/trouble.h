// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Trouble: the faults of a protocol problem. Datagrams are lost or late all the
// time; machines crash, links are cut, processes stand still and clocks go
// wrong now and then, at moments drawn one by one, so that a search that
// branches changes them.
//
//   builder.Fault([] {
//     return std::make_unique<Trouble>(TroubleOptions{
//         .network = {.datagram_loss = {1, 20}},
//         .crash_pause = {absl::Milliseconds(5), absl::Milliseconds(50)}});
//   });
#ifndef MOONPOOL_EXPLORER_PROBLEMS_TROUBLE_H_
#define MOONPOOL_EXPLORER_PROBLEMS_TROUBLE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "providers/coro/task.h"
#include "providers/coro/task_set.h"
#include "providers/random.h"
#include "sim/network/faults.h"
#include "sim/network/latency.h"
#include "sim/runner/fault_injector.h"

namespace moonpool::problems {

struct TroubleOptions {
  NetworkFaults network = {};
  // Between two crashes; unset: none.
  std::optional<LatencyRange> crash_pause;
  // From a crash to the next boot.
  LatencyRange down = {absl::Milliseconds(5), absl::Milliseconds(50)};
  // Which processes crash, by index; empty: all.
  std::vector<int> victims = {};
  int max_dead = 1;
  int max_crashes = 1000000;  // in the whole run
  Ratio wipe = {0, 1};        // of the crashes: the disk is lost, too
  // Between two cuts of one process from all the others (but not from the
  // workloads); unset: none.
  std::optional<LatencyRange> cut_pause;
  LatencyRange cut = {absl::Milliseconds(20), absl::Milliseconds(100)};
  // Between two processes that stand still, and for how long; unset: none.
  std::optional<LatencyRange> stall_pause;
  LatencyRange stall = {absl::Milliseconds(10), absl::Milliseconds(50)};
  // Between two changes of a machine's clock, which then goes wrong by up to
  // so much either way; unset: none.
  std::optional<LatencyRange> drift_pause;
  int64_t drift_ppm = 0;
};

class Trouble final : public FaultInjector {
 public:
  explicit Trouble(const TroubleOptions& options) : options_(options) {}
  absl::string_view name() const override { return "trouble"; }
  Task<absl::Status> Inject(FaultContext& ctx) override;

 private:
  using Deed = void (Trouble::*)(FaultContext&);

  void Repeat(FaultContext& ctx, const std::optional<LatencyRange>& pause,
              Deed deed);
  Task<void> KeepDoing(FaultContext* ctx, LatencyRange pause, Deed deed);
  void Crash(FaultContext& ctx);
  void Cut(FaultContext& ctx);
  void Stall(FaultContext& ctx);
  void Drift(FaultContext& ctx);

  Task<void> Reunite(FaultContext* ctx, size_t alone);

  const TroubleOptions options_;
  int crashes_ = 0;
  std::vector<int> cuts_;  // that are on, by the process that is alone
  TaskSet deeds_;
};

}  // namespace moonpool::problems

#endif  // MOONPOOL_EXPLORER_PROBLEMS_TROUBLE_H_
