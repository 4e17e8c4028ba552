// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/runner/chaos_driver.h"

#include <string>
#include <vector>

namespace moonpool {
ChaosDriver::ChaosDriver(const ChaosPlan* plan, World* world, Cluster* cluster,
                         Buggify* buggify, const AttritionOptions* budget)
    : plan_(plan),
      world_(world),
      cluster_(cluster),
      buggify_(buggify),
      budget_(budget),
      random_(&world->random(), "chaos", 0, StreamKind::kFaults) {}

void ChaosDriver::Start() {
  cluster_->network().SetFaults(plan_->network_faults);
  uint64_t index = 0;
  for (const auto& machine : cluster_->machines()) {
    machine->disk().SetFaults(plan_->DiskFaultsFor(index++));
  }
  buggify_->Enable(plan_->families);
  DisturbClocks();
  if (plan_->clock_faults.step_interval < absl::InfiniteDuration()) {
    tasks_.Spawn(&ChaosDriver::StepClocks, this);
  }
  if (plan_->pauses.interval < absl::InfiniteDuration()) {
    tasks_.Spawn(&ChaosDriver::PauseProcesses, this);
  }
  if (budget_ != nullptr &&
      plan_->power_losses.interval < absl::InfiniteDuration()) {
    tasks_.Spawn(&ChaosDriver::CutPower, this);
  }
}

void ChaosDriver::Stop() {
  tasks_.Clear();
  buggify_->Disable();
  cluster_->network().SetFaults(NetworkFaults());
  for (const auto& machine : cluster_->machines()) {
    machine->disk().SetFaults(DiskFaults());
    machine->clock().Heal();
  }
}

void ChaosDriver::DisturbClocks() {
  const ClockFaults& clock = plan_->clock_faults;
  for (const auto& machine : cluster_->machines()) {
    machine->clock().set_delay_faults(clock.delays);
    if (clock.max_rate_ppm > 0) {
      machine->clock().SetRateErrorPpm(
          random_.Range(-clock.max_rate_ppm, clock.max_rate_ppm));
    }
    if (clock.max_offset > absl::ZeroDuration()) {
      machine->clock().StepWall(
          random_.Range(-clock.max_offset, clock.max_offset));
    }
  }
}

Task<void> ChaosDriver::StepClocks() {
  const ClockFaults& clock = plan_->clock_faults;
  for (;;) {
    co_await WaitAbout(clock.step_interval);
    const size_t victim = random_.Below(cluster_->machines().size());
    cluster_->machines()[victim]->clock().StepWall(
        random_.Range(-clock.max_step, clock.max_step));
  }
}

Task<void> ChaosDriver::PauseProcesses() {
  const PauseFaults& pause = plan_->pauses;
  const AttritionOptions budget =
      budget_ != nullptr ? *budget_ : AttritionOptions();
  for (;;) {
    co_await WaitAbout(pause.interval);
    const std::vector<std::string> up = cluster_->up_ips();
    if (up.empty()) continue;
    const std::string victim = random_.Pick(up);
    if (!WithinBudget(budget, *cluster_, {victim})) continue;
    (void)cluster_->Pause(victim, {pause.duration.low, pause.duration.high});
  }
}

Task<void> ChaosDriver::CutPower() {
  for (;;) {
    co_await WaitAbout(plan_->power_losses.interval);
    std::vector<std::string> victims;
    for (const std::string& ip : cluster_->up_ips()) {
      if (random_.Chance(Ratio{1, 2})) victims.push_back(ip);
    }
    if (victims.empty() || !WithinBudget(*budget_, *cluster_, victims)) {
      continue;
    }
    for (const std::string& ip : victims) {
      (void)cluster_->Reboot(ip, RebootKind::kPowerLoss);
    }
  }
}

}  // namespace moonpool
