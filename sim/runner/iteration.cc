// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/runner/iteration.h"

#include <exception>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "providers/base/check.h"
#include "sim/assertions/table.h"

namespace moonpool {
namespace {

// Weights given as floating point become integers once, here.
uint64_t Weight(double weight) {
  CHECK(weight >= 0) << "a weight of attrition is negative";
  return static_cast<uint64_t>(weight * 10000 + 0.5);
}

int Resolve(const CountRange& count, Random& random) {
  CHECK(count.low >= 0 && count.low <= count.high)
      << "a count range is empty: " << count.low << ".." << count.high;
  return static_cast<int>(random.Range(int64_t{count.low}, int64_t{count.high}));
}

TaskSet::ExceptionHandler ReportException(absl::string_view whose) {
  return [whose = std::string(whose)](absl::string_view what) {
    ReportFailure("exception", absl::StrCat("an exception left ", whose),
                  what);
  };
}

}  // namespace

Iteration::Iteration(SimulationBuilder::Config* config, uint64_t seed,
                     IterationHooks* hooks)
    : config_(config),
      hooks_(hooks),
      seed_(seed),
      live_frames_before_(LiveFrames()),
      world_(WorldOptions{.seed = seed, .ready_order = config->order}),
      time_(&world_),
      fault_random_(&world_.random(), "faults"),
      network_(std::make_unique<SimNetwork>(&world_, config->network)),
      engine_tasks_(ReportException("the runner")),
      chaos_tasks_(ReportException("a fault injector")),
      chaos_timer_(ReportException("the runner")) {}

Iteration::~Iteration() = default;

void Iteration::Build() {
  RandomStream random(&world_.random(), "config", 0,
                      RandomStream::Kind::kFixed);
  std::vector<Member> members;
  int workload_count = 0;
  for (SimulationBuilder::Config::WorkloadEntry& entry : config_->workloads) {
    const int count = Resolve(entry.count, random);
    for (int i = 0; i < count; ++i) {
      Client client;
      if (entry.instance == nullptr) client.owned = entry.factory(i);
      client.workload =
          entry.instance ? entry.instance.get() : client.owned.get();
      client.id = i;
      client.count = count;
      Member member;
      member.name = std::string(client.workload->name());
      if (count > 1) absl::StrAppend(&member.name, "-", i + 1);
      member.ip = absl::StrCat("10.0.", workload_count / 250 * 2, ".",
                               workload_count % 250 + 1);
      ++workload_count;
      member.is_process = false;
      members.push_back(member);
      clients_.push_back(std::move(client));
    }
  }
  if (config_->processes.has_value()) {
    const ProcessOptions& options = *config_->processes;
    const int count = Resolve(options.count, random);
    for (int i = 0; i < count; ++i) {
      first_processes_.push_back(options.factory());
      Member member;
      member.name = std::string(first_processes_.back()->name());
      if (count > 1) absl::StrAppend(&member.name, "-", i + 1);
      member.ip = absl::StrCat("10.0.", i / 250 * 2 + 1, ".", i % 250 + 1);
      for (const TagDimension& dimension : options.tags) {
        member.tags[dimension.key] =
            dimension.values[i % dimension.values.size()];
      }
      members.push_back(std::move(member));
    }
  }
  topology_.emplace(std::move(members));
  const Site site = {&world_, network_.get(), &*topology_, &state_,
                     config_->disks};
  const Member* member = topology_->members().data();
  for (Client& client : clients_) {
    client.machine = std::make_unique<Machine>(site, member->name, member->ip,
                                               client.id, client.count);
    ++member;
  }
  const int count = static_cast<int>(first_processes_.size());
  for (int i = 0; i < count; ++i, ++member) {
    machines_.push_back(std::make_unique<Machine>(site, member->name,
                                                  member->ip, i, count));
  }
}

IterationResult Iteration::Run() {
  AssertionTable::Get().BeginWorld();
  Build();
  if (hooks_ != nullptr) hooks_->OnWorldReady(world_);
  try {
    RunPhases();
  } catch (const std::exception& e) {
    // What runs outside tasks.
    ReportFailure("exception", "an exception left a factory", e.what());
  }
  IterationResult result = Collect();
  if (hooks_ != nullptr) hooks_->OnFinished(result);
  TearDown();
  result.violations = AssertionTable::Get().violations();
  return result;
}

void Iteration::RunPhases() {
  for (size_t i = 0; i < machines_.size(); ++i) {
    machines_[i]->Boot(std::move(first_processes_[i]));
  }
  for (Client& client : clients_) client.machine->Boot(nullptr);
  if (!RunStep("set-up", &moonpool::Workload::Setup)) return;
  StartChaos();
  if (!RunStep("run", &moonpool::Workload::Run)) return;
  chaos_timer_.Clear();
  EndChaos();
  const bool recovered =
      TurnUntil("recovery", [this] { return engine_tasks_.empty(); });
  if (!recovered) return;
  RunStep("check", &moonpool::Workload::Check);
}

template <typename Done>
bool Iteration::TurnUntil(absl::string_view phase, Done done) {
  for (;;) {
    world_.RunReady();
    if (!AfterTurn()) return false;
    if (done()) return true;
    if (world_.FireNext()) continue;
    ReportFailure(
        "deadlock",
        absl::StrCat("nothing can happen any more in phase ", phase),
        absl::StrCat("waiting: ", Unfinished()));
    return false;
  }
}

bool Iteration::AfterTurn() {
  for (auto& [name, check] : config_->invariants) {
    try {
      check(state_, world_.now());
    } catch (const std::exception& e) {
      ReportFailure("exception", absl::StrCat("an exception left invariant ", name),
                    e.what());
      return false;
    }
  }
  if (world_.is_runaway()) {
    ReportFailure("busy loop", "tasks run for ever without time passing",
                  absl::StrCat("waiting: ", Unfinished()));
    return false;
  }
  if (world_.now() > config_->run_time_budget) {
    ReportFailure("time budget",
                  absl::StrCat("more than ",
                               absl::FormatDuration(config_->run_time_budget),
                               " of simulated time"),
                  absl::StrCat("waiting: ", Unfinished()));
    return false;
  }
  return !(config_->stop_at_violation &&
           AssertionTable::Get().has_violations());
}

bool Iteration::RunStep(absl::string_view phase, Step step) {
  for (Client& client : clients_) {
    client.is_busy = true;
    client.machine->tasks().Spawn(&Iteration::RunClient, this, &client, phase,
                                  step);
  }
  const size_t before = AssertionTable::Get().violations().size();
  const bool finished = TurnUntil(phase, [this] {
    for (const Client& client : clients_) {
      if (client.is_busy) return false;
    }
    return true;
  });
  if (!finished) return false;
  // A failed set-up makes what follows meaningless.
  return phase != "set-up" ||
         AssertionTable::Get().violations().size() == before;
}

Task<void> Iteration::RunClient(Client* client, absl::string_view phase,
                                Step step) {
  struct Done {
    Client* client;
    ~Done() { client->is_busy = false; }
  } done{client};
  const absl::Status status =
      co_await (client->workload->*step)(client->machine->context());
  if (status.ok()) co_return;
  ReportFailure("workload error",
                absl::StrCat(phase, " of workload ", client->workload->name(),
                             " returned ",
                             absl::StatusCodeToString(status.code())),
                status.message());
}

void Iteration::StartChaos() {
  chaos_running_ = true;
  if (config_->chaos_duration.has_value()) {
    chaos_timer_.Spawn(&Iteration::EndChaosLater, this,
                       *config_->chaos_duration);
  }
  if (config_->attrition.has_value()) {
    chaos_tasks_.Spawn(&Iteration::RunAttrition, this);
  }
  for (auto& factory : config_->faults) {
    injectors_.push_back(factory());
    chaos_tasks_.Spawn(&Iteration::RunInjector, this, injectors_.back().get());
  }
}

Task<void> Iteration::EndChaosLater(absl::Duration delay) {
  co_await time_.Sleep(delay);
  EndChaos();
}

void Iteration::EndChaos() {
  if (!chaos_running_) return;
  chaos_running_ = false;
  chaos_.Cancel();
  chaos_tasks_.Clear();
  injectors_.clear();
  network_->HealAll();
  world_.Trace(TraceKind::kFault, 0, 0);
}

Task<void> Iteration::RunInjector(FaultInjector* injector) {
  const absl::Status status =
      co_await injector->Inject(static_cast<FaultContext&>(*this));
  if (status.ok()) co_return;
  ReportFailure("injector error",
                absl::StrCat("fault injector ", injector->name(), " returned ",
                             absl::StatusCodeToString(status.code())),
                status.message());
}

Task<void> Iteration::RunAttrition() {
  const AttritionOptions& options = *config_->attrition;
  RandomStream random(&world_.random(), "attrition");
  const uint64_t weights[] = {Weight(options.prob_graceful),
                              Weight(options.prob_crash),
                              Weight(options.prob_wipe)};
  const bool weighted = weights[0] + weights[1] + weights[2] > 0;
  for (;;) {
    co_await time_.Sleep(
        random.Range(options.interval_min, options.interval_max));
    if (dead_count() >= options.max_dead) continue;
    std::vector<Machine*> up;
    for (auto& machine : machines_) {
      if (machine->state() == Machine::State::kUp) up.push_back(machine.get());
    }
    if (up.empty()) continue;
    RebootKind kind = RebootKind::kCrash;
    if (weighted) {
      kind = static_cast<RebootKind>(
          random.Weighted({weights[0], weights[1], weights[2]}));
    }
    const absl::Status status = Reboot(random.Pick(up)->ip(), kind);
    CHECK(status.ok()) << status.message();
  }
}

absl::Status Iteration::Reboot(absl::string_view ip, RebootKind kind) {
  Machine* machine = FindProcess(ip);
  if (machine == nullptr) {
    return absl::NotFoundError(absl::StrCat("no process has address ", ip));
  }
  if (machine->state() != Machine::State::kUp) {
    return absl::FailedPreconditionError(absl::StrCat(ip, " is not up"));
  }
  const AttritionOptions options =
      config_->attrition.value_or(AttritionOptions());
  absl::Duration grace;
  if (kind == RebootKind::kGraceful) {
    grace = fault_random_.Range(options.grace_period_min,
                                options.grace_period_max);
    machine->RequestStop();
  }
  const absl::Duration recovery = fault_random_.Range(
      options.recovery_delay_min, options.recovery_delay_max);
  world_.Trace(TraceKind::kFault, 1, static_cast<uint64_t>(kind));
  if (kind != RebootKind::kGraceful) {
    machine->Crash(kind == RebootKind::kCrashAndWipe);
  }
  engine_tasks_.Spawn(&Iteration::RunReboot, this, machine, kind, grace,
                      recovery);
  return absl::OkStatus();
}

Task<void> Iteration::RunReboot(Machine* machine, RebootKind kind,
                                absl::Duration grace,
                                absl::Duration recovery) {
  if (kind == RebootKind::kGraceful) {
    (void)co_await time_.Timeout(grace, machine->Stopped());
    machine->StopGracefully();
  }
  co_await time_.Sleep(recovery);
  machine->Boot(config_->processes->factory());
}

Machine* Iteration::FindProcess(absl::string_view ip) const {
  for (const auto& machine : machines_) {
    if (machine->ip() == ip) return machine.get();
  }
  return nullptr;
}

const std::vector<std::string>& Iteration::process_ips() const {
  return topology_->all_process_ips();
}

SimDisk& Iteration::disk(absl::string_view ip) {
  Machine* machine = FindProcess(ip);
  CHECK(machine != nullptr) << "no process has address " << ip;
  return machine->disk();
}

int Iteration::dead_count() const {
  int dead = 0;
  for (const auto& machine : machines_) {
    if (machine->state() != Machine::State::kUp) ++dead;
  }
  return dead;
}

bool Iteration::is_up(absl::string_view ip) const {
  const Machine* machine = FindProcess(ip);
  return machine != nullptr && machine->state() == Machine::State::kUp;
}

std::string Iteration::Unfinished() const {
  std::vector<std::string> names;
  for (const Client& client : clients_) {
    if (client.is_busy) names.push_back(client.machine->name());
  }
  return names.empty() ? "no workload" : absl::StrJoin(names, ", ");
}

IterationResult Iteration::Collect() const {
  IterationResult result;
  World& world = const_cast<World&>(world_);
  result.seed = seed_;
  result.trace_hash = world.trace().value();
  result.events = world.events();
  result.draws = world.random().draws();
  result.simulated_ns = world.now_ns();
  for (const auto& machine : machines_) result.boots += machine->boots();
  result.violations = AssertionTable::Get().violations();
  result.trace_samples.assign(
      world.trace().samples(),
      world.trace().samples() + world.trace().sample_count());
  return result;
}

void Iteration::TearDown() {
  chaos_timer_.Clear();
  chaos_tasks_.Clear();
  engine_tasks_.Clear();
  for (Client& client : clients_) client.machine->TearDown();
  for (auto& machine : machines_) machine->TearDown();
  network_.reset();
  if (LiveFrames() != live_frames_before_) {
    ReportFailure("leak", "coroutine frames are left after the teardown",
                  absl::StrCat(LiveFrames() - live_frames_before_, " frames"));
  }
  if (world_.pending_events() != 0) {
    ReportFailure("leak", "events are left after the teardown",
                  absl::StrCat(world_.pending_events(), " events"));
  }
}

}  // namespace moonpool
