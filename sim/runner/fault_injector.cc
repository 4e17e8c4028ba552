// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/runner/fault_injector.h"

#include <algorithm>
#include <utility>

#include "providers/base/status_macros.h"

namespace moonpool {

absl::string_view RebootKindName(RebootKind kind) {
  switch (kind) {
    case RebootKind::kGraceful:
      return "graceful";
    case RebootKind::kCrash:
      return "crash";
    case RebootKind::kCrashAndWipe:
      return "crash and wipe";
    case RebootKind::kPowerLoss:
      return "power loss";
  }
  return "unknown";
}

std::vector<std::string> FaultContext::up_ips() const {
  std::vector<std::string> ips;
  for (const std::string& ip : process_ips()) {
    if (is_up(ip)) ips.push_back(ip);
  }
  return ips;
}

std::vector<std::string> FaultContext::dead_ips() const {
  std::vector<std::string> ips;
  for (const std::string& ip : process_ips()) {
    if (!is_up(ip)) ips.push_back(ip);
  }
  return ips;
}

absl::Status FaultContext::RebootRandom(RebootKind kind) {
  const std::vector<std::string> up = up_ips();
  if (up.empty()) return absl::FailedPreconditionError("no process is up");
  return Reboot(random().Pick(up), kind);
}

int FaultContext::RebootEach(const std::vector<std::string>& ips,
                             RebootKind kind) {
  int rebooted = 0;
  for (const std::string& ip : ips) {
    if (is_up(ip) && Reboot(ip, kind).ok()) ++rebooted;
  }
  return rebooted;
}

int FaultContext::RebootTagged(absl::string_view key, absl::string_view value,
                               RebootKind kind) {
  return RebootEach(topology().ips_tagged(key, value), kind);
}

int FaultContext::RebootDomain(DomainLevel level, absl::string_view id,
                               RebootKind kind) {
  return RebootEach(topology().ips_in_domain(level, id), kind);
}

int FaultContext::RebootAll(RebootKind kind) {
  return RebootEach(process_ips(), kind);
}

Task<absl::Status> FaultContext::RollingRestart(ProcessFactory factory,
                                                absl::Duration between) {
  const std::vector<std::string> ips = process_ips();
  for (const std::string& ip : ips) {
    // Something else may kill it first; then it gets the new program later.
    for (;;) {
      CO_RETURN_IF_ERROR(co_await WaitUntilUp(ip));
      RebootOptions options;
      options.kind = RebootKind::kGraceful;
      options.factory = factory;
      const absl::Status started = Reboot(ip, options);
      if (started.ok()) break;
    }
    CO_RETURN_IF_ERROR(co_await WaitUntilUp(ip));
    co_await time().Sleep(between);
  }
  co_return absl::OkStatus();
}

void FaultContext::CutOff(const std::vector<std::string>& ips,
                          absl::Duration duration) {
  std::vector<std::string> others;
  for (const Member& member : topology().members()) {
    if (std::find(ips.begin(), ips.end(), member.ip) == ips.end()) {
      others.push_back(member.ip);
    }
  }
  network().PartitionSets(ips, others, duration);
}

void FaultContext::PartitionTagged(absl::string_view key,
                                   absl::string_view value,
                                   absl::Duration duration) {
  CutOff(topology().ips_tagged(key, value), duration);
}

void FaultContext::PartitionDomain(DomainLevel level, absl::string_view id,
                                   absl::Duration duration) {
  CutOff(topology().ips_in_domain(level, id), duration);
}

}  // namespace moonpool
