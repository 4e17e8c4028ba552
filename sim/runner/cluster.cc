// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/runner/cluster.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "providers/base/check.h"
#include "providers/base/hash.h"
#include "providers/base/status_macros.h"
#include "providers/coro/select.h"

namespace moonpool {
namespace {

void OnException(absl::string_view what) {
  ReportFailure("exception", "an exception left a factory", what);
}

Machine::CrashKind CrashKindOf(RebootKind kind) {
  if (kind == RebootKind::kCrashAndWipe) return Machine::CrashKind::kWipe;
  if (kind == RebootKind::kPowerLoss) return Machine::CrashKind::kPowerLoss;
  return Machine::CrashKind::kCrash;
}

Task<void> AwaitStop(Machine* machine) { (void)co_await machine->Stopped(); }

}  // namespace

Cluster::Cluster(const Site& site, const RebootDelays& delays,
                 CancellationToken chaos_over)
    : site_(site),
      delays_(delays),
      time_(site.world),
      random_(&site.world->random(), "faults", 0, StreamKind::kFaults),
      chaos_over_(std::move(chaos_over)),
      reboots_(OnException),
      pauses_(OnException) {}

Cluster::~Cluster() = default;

Machine& Cluster::Add(const Member& member, int index, int count,
                      const ProcessOptions* options,
                      const DiskOptions& disk_options) {
  const size_t at = machines_.size();
  by_ip_.emplace(member.ip, at);
  programs_.push_back({options, options ? options->factory : nullptr});
  machines_.push_back(std::make_unique<Machine>(
      site_, member, index, count, static_cast<uint32_t>(at + 1),
      disk_options));
  return *machines_.back();
}

void Cluster::Boot(Machine& machine, std::unique_ptr<Process> process) {
  const ProcessOptions* options = programs_[machine.owner() - 1].options;
  machine.Boot(std::move(process), options, this);
  boots_waiters_.WakeAll();
}

int Cluster::boots() const {
  int boots = 0;
  for (const auto& machine : machines_) {
    if (programs_[machine->owner() - 1].options != nullptr) {
      boots += machine->boots();
    }
  }
  return boots;
}

Machine& Cluster::Get(absl::string_view ip) const {
  auto it = by_ip_.find(ip);
  CHECK(it != by_ip_.end()) << "no machine has address " << ip;
  return *machines_[it->second];
}

absl::StatusOr<Machine*> Cluster::FindProcess(absl::string_view ip) const {
  auto it = by_ip_.find(ip);
  if (it == by_ip_.end() || programs_[it->second].options == nullptr) {
    return absl::NotFoundError(absl::StrCat("no process has address ", ip));
  }
  return machines_[it->second].get();
}

SimDisk& Cluster::disk(absl::string_view ip) { return Get(ip).disk(); }
NodeClock& Cluster::clock(absl::string_view ip) { return Get(ip).clock(); }

bool Cluster::is_up(absl::string_view ip) const {
  const absl::StatusOr<Machine*> machine = FindProcess(ip);
  return machine.ok() && (*machine)->is_up();
}

int Cluster::dead_count() const {
  int dead = 0;
  for (size_t i = 0; i < machines_.size(); ++i) {
    if (programs_[i].options != nullptr && !machines_[i]->is_up()) ++dead;
  }
  return dead;
}

absl::Status Cluster::Reboot(absl::string_view ip,
                             const RebootOptions& options) {
  ASSIGN_OR_RETURN(Machine * machine, FindProcess(ip));
  if (machine->state() != Machine::State::kUp) {
    return absl::FailedPreconditionError(absl::StrCat(ip, " is not up"));
  }
  const RebootKind kind = options.kind;
  if (options.factory != nullptr) {
    programs_[machine->owner() - 1].factory = options.factory;
  }
  if (kind == RebootKind::kGraceful) {
    site_.world->Fault(FaultFamily::kReboot, ip, "asked to stop");
    machine->RequestStop();
  } else {
    machine->Crash(CrashKindOf(kind));
  }
  // A reboot goes on when whoever asked for it dies or is paused.
  ReadyQueue::OwnerScope owned(site_.world->ready(), 0);
  reboots_.Spawn(&Cluster::RunReboot, this, machine, kind,
                 options.grace_period.value_or(grace_period()),
                 options.recovery_delay.value_or(recovery_delay()));
  return absl::OkStatus();
}

Task<void> Cluster::RunReboot(Machine* machine, RebootKind kind,
                              DurationRange grace, DurationRange recovery) {
  if (kind == RebootKind::kGraceful) {
    (void)co_await Select(AwaitStop(machine), EndGrace(grace));
    machine->StopGracefully();
  }
  co_await WaitFor(recovery);
  Boot(*machine, programs_[machine->owner() - 1].factory());
}

Task<void> Cluster::EndGrace(DurationRange grace) { co_await WaitFor(grace); }

void Cluster::OnExit(Machine& machine) {
  if (!programs_[machine.owner() - 1].options->restart_on_exit) return;
  ReadyQueue::OwnerScope owned(site_.world->ready(), 0);
  reboots_.Spawn(&Cluster::RunRestart, this, &machine);
}

Task<void> Cluster::RunRestart(Machine* machine) {
  // A fault may have been quicker.
  const int incarnation = machine->boots();
  if (machine->state() != Machine::State::kUp) co_return;
  machine->StopGracefully();
  co_await WaitFor(recovery_delay());
  CHECK(machine->boots() == incarnation) << machine->name();
  Boot(*machine, programs_[machine->owner() - 1].factory());
}

absl::Status Cluster::Pause(absl::string_view ip,
                            const DurationRange& duration) {
  ASSIGN_OR_RETURN(Machine * machine, FindProcess(ip));
  if (!machine->is_up()) {
    return absl::FailedPreconditionError(absl::StrCat(ip, " is not up"));
  }
  site_.world->Fault(FaultFamily::kPause, ip, "paused");
  machine->Pause();
  if (duration.high < absl::InfiniteDuration()) {
    ReadyQueue::OwnerScope owned(site_.world->ready(), 0);
    pauses_.Spawn(&Cluster::ResumeLater, this, machine, machine->boots(),
                  duration);
  }
  return absl::OkStatus();
}

Task<void> Cluster::ResumeLater(Machine* machine, int incarnation,
                                DurationRange duration) {
  co_await WaitFor(duration);
  if (machine->boots() == incarnation && machine->is_paused()) {
    (void)Resume(machine->ip());
  }
}

absl::Status Cluster::Resume(absl::string_view ip) {
  ASSIGN_OR_RETURN(Machine * machine, FindProcess(ip));
  if (!machine->is_paused()) {
    return absl::FailedPreconditionError(absl::StrCat(ip, " is not paused"));
  }
  site_.world->Tell(ip, "resumed");
  machine->Resume();
  boots_waiters_.WakeAll();
  return absl::OkStatus();
}

absl::Status Cluster::SwapDisks(absl::string_view a, absl::string_view b) {
  ASSIGN_OR_RETURN(Machine * first, FindProcess(a));
  ASSIGN_OR_RETURN(Machine * second, FindProcess(b));
  for (const Machine* machine : {first, second}) {
    if (machine->state() != Machine::State::kDown) {
      return absl::FailedPreconditionError(
          absl::StrCat(machine->ip(), " is not down"));
    }
  }
  if (first == second) return absl::OkStatus();
  site_.world->Fault(FaultFamily::kReboot, a, "disk swapped with that of ", b);
  first->disk().SwapDisk(second->disk());
  return absl::OkStatus();
}

void Cluster::ResumeAll() {
  pauses_.Clear();
  for (auto& machine : machines_) {
    if (machine->is_paused()) (void)Resume(machine->ip());
  }
}

Task<absl::Status> Cluster::WaitUntilUp(absl::string_view ip) {
  CO_ASSIGN_OR_RETURN(Machine * machine, FindProcess(ip));
  while (!machine->is_up()) co_await boots_waiters_.Wait();
  co_return absl::OkStatus();
}

Task<void> Cluster::WaitUntilAllUp() {
  while (dead_count() > 0) co_await boots_waiters_.Wait();
}

std::string Cluster::LiveTasks() const {
  std::string text;
  for (const auto& machine : machines_) {
    const std::string tasks = machine->LiveTasks();
    if (tasks.empty()) continue;
    absl::StrAppend(&text, text.empty() ? "" : "; ", machine->name(), ": ",
                    tasks);
  }
  return text;
}

void Cluster::TearDown() {
  reboots_.Clear();
  pauses_.Clear();
  for (auto& machine : machines_) machine->TearDown();
}

}  // namespace moonpool
