// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/runner/machine.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "providers/base/check.h"
#include "providers/base/hash.h"
#include "sim/assertions/table.h"
#include "sim/core/arena.h"

namespace moonpool {

void ReportFailure(absl::string_view kind, absl::string_view message,
                   absl::string_view details) {
  Arena::OutsideScope outside;
  Violation violation;
  violation.identity = HashBytes(absl::StrCat(kind, "\n", message));
  violation.kind = std::string(kind);
  violation.message = std::string(message);
  violation.details = std::string(details);
  if (World* world = World::Current()) {
    violation.time_ns = world->now_ns();
    violation.event = world->events();
    violation.draw = world->random().draws();
  }
  AssertionTable::Get().Report(std::move(violation));
}

Machine::Machine(const Site& site, const Member& member, int index, int count,
                 uint32_t owner, const DiskOptions& disk_options)
    : site_(site),
      name_(member.name),
      ip_(member.ip),
      index_(index),
      count_(count),
      owner_(owner),
      disk_(site.world, ip_, disk_options),
      clock_(site.world, ip_) {}

Machine::~Machine() { CHECK(tasks_ == nullptr) << name_ << " still runs"; }

void Machine::MakeContext() {
  tasks_ = std::make_unique<TaskSet>([this](absl::string_view what) {
    ReportFailure("exception", absl::StrCat("an exception left ", name_),
                  what);
  });
  shutdown_ = std::make_unique<CancellationSource>();
  context_ = std::make_unique<SimContext>(SimContext::Parts{
      .world = site_.world,
      .topology = site_.topology,
      .state = site_.state,
      .ip = ip_,
      .client_id = index_,
      .client_count = count_,
      .shutdown = shutdown_->token(),
      .task_set = tasks_.get(),
      .events = site_.events,
      .clock = &clock_,
      .quiet_periods = site_.quiet_periods,
      .operations = site_.operations,
      .network = site_.network->MakeProvider(ip_),
      .storage = disk_.MakeProvider(),
      .random = RandomStream(&site_.world->random(), ip_,
                             static_cast<uint64_t>(incarnation_)),
  });
}

void Machine::Boot(std::unique_ptr<Process> process,
                   const ProcessOptions* options, ProcessListener* listener) {
  CHECK(state_ == State::kDown) << name_ << " is booted twice";
  ++incarnation_;
  state_ = State::kUp;
  MakeContext();
  process_ = std::move(process);
  site_.world->Trace(TraceKind::kBoot, HashBytes(ip_),
                     static_cast<uint64_t>(incarnation_));
  if (process_ == nullptr) return;
  site_.world->Tell(ip_, incarnation_ == 1 ? "boot" : "restart");
  // The process and its tasks inherit it.
  ReadyQueue::OwnerScope owned(site_.world->ready(), owner_);
  main_ = tasks_->SpawnNamed("main", &Machine::RunProcess, this, options,
                             listener);
}

Task<void> Machine::RunProcess(const ProcessOptions* options,
                               ProcessListener* listener) {
  const absl::Status status = co_await process_->Run(*context_);
  const bool expected =
      status.ok() ||
      (options->expected_exit != nullptr && options->expected_exit(status));
  if (!expected) {
    ReportFailure("process error",
                  absl::StrCat("process ", process_->name(), " returned ",
                               absl::StatusCodeToString(status.code())),
                  absl::StrCat(ip_, ": ", status.message()));
  }
  if (state_ == State::kUp) listener->OnExit(*this);
}

void Machine::RequestStop() {
  CHECK(state_ == State::kUp) << name_ << " is asked to stop twice";
  state_ = State::kStopping;
  shutdown_->Cancel();
}

void Machine::DestroyProcess() {
  Resume();
  tasks_->Clear();
  process_.reset();
  context_.reset();
  tasks_.reset();
  shutdown_.reset();
  state_ = State::kDown;
}

void Machine::StopGracefully() {
  site_.world->Tell(ip_, "stopped");
  disk_.Disconnect();
  DestroyProcess();
}

void Machine::Crash(CrashKind kind) {
  CHECK(state_ != State::kDown) << name_ << " crashes while it is down";
  static constexpr absl::string_view kWords[] = {"crash", "crash, disk wiped",
                                                 "power loss"};
  site_.world->Trace(TraceKind::kCrash, HashBytes(ip_),
                     static_cast<uint64_t>(kind));
  site_.world->Fault(kind == CrashKind::kPowerLoss ? FaultFamily::kPowerLoss
                                                   : FaultFamily::kReboot,
                     ip_, kWords[static_cast<int>(kind)]);
  // First make everything the process holds inert, then destroy its frames:
  // not one more line of it has an effect.
  site_.network->CrashMachine(ip_, kind == CrashKind::kPowerLoss);
  disk_.Crash();
  {
    World::TeardownScope teardown(site_.world);
    DestroyProcess();
  }
  if (kind == CrashKind::kWipe) disk_.Wipe();
}

void Machine::Pause() {
  CHECK(is_up()) << name_ << " is paused while it is not up";
  paused_ = true;
  site_.world->ready().Pause(owner_);
}

void Machine::Resume() {
  if (!paused_) return;
  paused_ = false;
  site_.world->ready().Resume(owner_);
}

std::string Machine::LiveTasks() const {
  return tasks_ == nullptr ? "" : tasks_->Names();
}

void Machine::TearDown() {
  if (tasks_ == nullptr) return;
  site_.network->CrashMachine(ip_);
  disk_.Disconnect();
  World::TeardownScope teardown(site_.world);
  DestroyProcess();
}

}  // namespace moonpool
