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

Machine::Machine(const Site& site, std::string name, std::string ip, int index,
                 int count)
    : site_(site),
      name_(std::move(name)),
      ip_(std::move(ip)),
      index_(index),
      count_(count),
      disk_(site.world, ip_, site.disk_options) {}

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
      .network = site_.network->MakeProvider(ip_),
      .storage = disk_.MakeProvider(),
      .random = RandomStream(&site_.world->random(), ip_,
                             static_cast<uint64_t>(incarnation_)),
  });
}

void Machine::Boot(std::unique_ptr<Process> process) {
  CHECK(state_ == State::kDown) << name_ << " is booted twice";
  ++incarnation_;
  state_ = State::kUp;
  MakeContext();
  process_ = std::move(process);
  site_.world->Trace(TraceKind::kBoot, HashBytes(ip_),
                     static_cast<uint64_t>(incarnation_));
  if (process_ == nullptr) return;
  site_.world->Tell(ip_, incarnation_ == 1 ? "boot" : "restart");
  main_ = tasks_->Spawn(&Machine::RunProcess, this);
}

Task<void> Machine::RunProcess() {
  const absl::Status status = co_await process_->Run(*context_);
  if (status.ok()) co_return;
  ReportFailure("process error",
                absl::StrCat("process ", process_->name(), " returned ",
                             absl::StatusCodeToString(status.code())),
                absl::StrCat(ip_, ": ", status.message()));
}

void Machine::RequestStop() {
  CHECK(state_ == State::kUp) << name_ << " is asked to stop twice";
  state_ = State::kStopping;
  site_.world->Tell(ip_, "asked to stop");
  shutdown_->Cancel();
}

void Machine::DestroyProcess() {
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

void Machine::Crash(bool wipe) {
  CHECK(state_ != State::kDown) << name_ << " crashes while it is down";
  site_.world->Trace(TraceKind::kCrash, HashBytes(ip_), wipe);
  site_.world->Tell(ip_, wipe ? "crash, disk wiped" : "crash");
  // First make everything the process holds inert, then destroy its frames:
  // not one more line of it has an effect.
  site_.network->CrashMachine(ip_);
  disk_.Crash();
  {
    World::TeardownScope teardown(site_.world);
    DestroyProcess();
  }
  if (wipe) disk_.Wipe();
}

void Machine::TearDown() {
  if (tasks_ == nullptr) return;
  site_.network->CrashMachine(ip_);
  disk_.Disconnect();
  World::TeardownScope teardown(site_.world);
  DestroyProcess();
}

}  // namespace moonpool
