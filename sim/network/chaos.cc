// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/network/chaos.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "providers/base/check.h"
#include "sim/network/latency.h"

namespace moonpool::network_internal {
namespace {

std::vector<Machine*> ExistingMachines(Fabric& fabric) {
  std::vector<Machine*> machines;
  for (auto& [ip, machine] : fabric.machines) {
    if (machine->exists) machines.push_back(machine.get());
  }
  return machines;
}

constexpr int64_t kLeastInterval = 1;

// Exponentially distributed, never at once.
int64_t DrawInterval(RandomStream& random, absl::Duration mean) {
  return std::max<int64_t>(
      kLeastInterval, DrawExponentialNs(random, absl::ToInt64Nanoseconds(mean)));
}

}  // namespace

// --- PartitionDriver --------------------------------------------------------

PartitionDriver::PartitionDriver(Fabric* fabric)
    : DrawnWait(fabric->world),
      fabric_(fabric),
      random_(&fabric->world->random(), "partitions", 0,
              StreamKind::kFaults) {}

void PartitionDriver::Start() {
  CHECK(!is_waiting() && !lasts_);
  if (fabric_->faults.partition_interval != absl::InfiniteDuration()) {
    DrawnWait::Start();
  }
}

void PartitionDriver::Stop() {
  DrawnWait::Stop();
  if (lasts_) End();
}

void PartitionDriver::OnEnd() {
  if (lasts_) {
    End();
  } else {
    lasts_ = Begin();
  }
  DrawnWait::Start();
}

DrawnWait::Rest PartitionDriver::DrawRest(int64_t elapsed_ns) {
  const NetworkFaults& faults = fabric_->faults;
  if (!lasts_) {
    return {.ns = DrawInterval(random_, faults.partition_interval),
            .least_ns = kLeastInterval};
  }
  return DrawUniformRest(
      random_, {faults.partition_duration.low, faults.partition_duration.high},
      elapsed_ns);
}

bool PartitionDriver::Divide(size_t machines, std::vector<bool>& side) {
  side.assign(machines, false);
  size_t size = 0;
  switch (fabric_->faults.partition_strategy) {
    case PartitionStrategy::kRandom:
      for (size_t i = 0; i < machines; ++i) {
        side[i] = random_.Below(2) == 0;
        if (side[i]) ++size;
      }
      return size > 0 && size < machines;
    case PartitionStrategy::kUniformSize:
      size = 1 + random_.Below(machines - 1);
      break;
    case PartitionStrategy::kIsolateSingle:
      size = 1;
      break;
  }
  // Selection sampling (Knuth, The Art of Computer Programming, 3.4.2, S).
  for (size_t i = 0; i < machines; ++i) {
    side[i] = random_.Below(machines - i) < size;
    if (side[i]) --size;
  }
  return true;
}

bool PartitionDriver::Begin() {
  const NetworkFaults& faults = fabric_->faults;
  const std::vector<Machine*> machines = ExistingMachines(*fabric_);
  std::vector<bool> side;
  if (machines.size() < 2 || !Divide(machines.size(), side)) return false;
  const bool one_way = faults.partition_one_way.num > 0 &&
                       random_.Chance(faults.partition_one_way);
  std::string one_side;
  for (size_t i = 0; i < machines.size(); ++i) {
    if (!side[i]) continue;
    absl::StrAppend(&one_side, one_side.empty() ? "" : ", ", machines[i]->ip);
    for (size_t j = 0; j < machines.size(); ++j) {
      if (side[j]) continue;
      fabric_->GetLink(*machines[i], *machines[j]).Close(kRandomCut);
      if (!one_way) {
        fabric_->GetLink(*machines[j], *machines[i]).Close(kRandomCut);
      }
    }
  }
  fabric_->world->Fault(
      FaultFamily::kPartition, one_side,
      one_way ? "cannot send to the others" : "cut off from the others");
  return true;
}

void PartitionDriver::End() {
  lasts_ = false;
  for (auto& [machines, link] : fabric_->links) link->Open(kRandomCut);
  fabric_->world->Tell("network", "the random partition ends");
}

// --- SwizzleDriver ----------------------------------------------------------

SwizzleDriver::SwizzleDriver(Fabric* fabric)
    : DrawnWait(fabric->world),
      fabric_(fabric),
      random_(&fabric->world->random(), "swizzle", 0, StreamKind::kFaults) {}

void SwizzleDriver::Start() {
  CHECK(!is_waiting() && clogged_.empty());
  if (fabric_->faults.swizzle_interval != absl::InfiniteDuration()) {
    DrawnWait::Start();
  }
}

void SwizzleDriver::Stop() {
  DrawnWait::Stop();
  steps_.clear();
  clogged_.clear();
  for (auto& [machines, link] : fabric_->links) link->Open(kSwizzle);
}

void SwizzleDriver::OnEnd() {
  if (steps_.empty()) {
    Plan();
  } else {
    Take(steps_.back());
    steps_.pop_back();
  }
  DrawnWait::Start();
}

DrawnWait::Rest SwizzleDriver::DrawRest(int64_t elapsed_ns) {
  const NetworkFaults& faults = fabric_->faults;
  if (steps_.empty()) {
    return {.ns = DrawInterval(random_, faults.swizzle_interval),
            .least_ns = kLeastInterval};
  }
  return DrawUniformRest(random_,
                         {absl::ZeroDuration(), faults.clog_duration.high},
                         elapsed_ns);
}

void SwizzleDriver::Shuffle(std::vector<Machine*>& machines) {
  for (size_t i = machines.size(); i > 1; --i) {
    std::swap(machines[i - 1], machines[random_.Below(i)]);
  }
}

void SwizzleDriver::Plan() {
  std::vector<Machine*> half = ExistingMachines(*fabric_);
  if (half.size() < 2) return;
  Shuffle(half);
  half.resize(half.size() / 2);
  for (const bool clogs : {false, true}) {  // the last step is taken first
    Shuffle(half);
    for (Machine* machine : half) steps_.push_back({machine, clogs});
  }
  std::string who;
  for (size_t i = 0; i < half.size(); ++i) {
    absl::StrAppend(&who, i == 0 ? "" : ", ", half[i]->ip);
  }
  fabric_->world->Fault(FaultFamily::kClog, who, "swizzle-clogged");
}

void SwizzleDriver::Take(const Step& step) {
  if (step.clogs) {
    clogged_.push_back(step.machine);
    for (Machine* other : ExistingMachines(*fabric_)) {
      if (other == step.machine) continue;
      fabric_->GetLink(*step.machine, *other).Close(kSwizzle);
      fabric_->GetLink(*other, *step.machine).Close(kSwizzle);
    }
    return;
  }
  clogged_.erase(std::find(clogged_.begin(), clogged_.end(), step.machine));
  auto is_clogged = [this](const Machine& machine) {
    return std::find(clogged_.begin(), clogged_.end(), &machine) !=
           clogged_.end();
  };
  for (auto& [machines, link] : fabric_->links) {
    if (!is_clogged(link->from) && !is_clogged(link->to)) {
      link->Open(kSwizzle);
    }
  }
}

}  // namespace moonpool::network_internal
