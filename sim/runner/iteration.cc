// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/runner/iteration.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "providers/base/check.h"
#include "sim/assertions/table.h"
#include "sim/network/stats.h"
#include "sim/storage/stats.h"

namespace moonpool {
namespace {

// The executor's name for the injectors, which a quiet period holds back.
constexpr uint32_t kChaosOwner = ~uint32_t{0};
constexpr uint32_t kEngineOwner = 0;

TaskSet::ExceptionHandler ReportException(absl::string_view whose) {
  return [whose = std::string(whose)](absl::string_view what) {
    ReportFailure("exception", absl::StrCat("an exception left ", whose),
                  what);
  };
}

// What the builder was given wins over what the profile drew.
template <typename Options>
Options EnvironmentOf(const std::optional<Options>& given,
                      const std::optional<Options>& drawn) {
  return given.has_value() ? *given : drawn.value_or(Options());
}

}  // namespace

Iteration::Iteration(SimulationBuilder::Config* config, uint64_t seed,
                     IterationHooks* hooks)
    : config_(config),
      hooks_(hooks),
      seed_(seed),
      live_frames_before_(LiveFrames()),
      world_(WorldOptions{.seed = seed, .ready_order = config->order}),
      events_(&world_),
      time_(&world_),
      plan_(DrawPlan(config->chaos, world_.random())),
      buggify_(&world_, FaultSet::None()),
      buggify_scope_(&buggify_),
      network_(std::make_unique<SimNetwork>(
          &world_, EnvironmentOf(config->network, plan_.network))),
      chaos_tasks_(ReportException("a fault injector")),
      engine_tasks_(ReportException("the runner")) {
  SetLivenessDeadline(std::nullopt);
}

Iteration::~Iteration() = default;

void Iteration::Build() {
  RandomStream random(&world_.random(), "config", 0,
                      RandomStream::Kind::kFixed);
  population_ = DrawPopulation(*config_, random);
  topology_.emplace(population_.members);
  PlaceOnNetwork(population_, random, *network_);
  cluster_ = std::make_unique<Cluster>(
      Site{.world = &world_,
           .network = network_.get(),
           .topology = &*topology_,
           .state = &state_,
           .events = &events_,
           .quiet_periods = this,
           .operations = plan_.operations},
      config_->attrition.value_or(AttritionOptions()).delays,
      chaos_.token());
  const DiskOptions disk_options = EnvironmentOf(config_->disks, plan_.disks);
  const Member* member = topology_->members().data();
  for (Population::Driver& driver : population_.drivers) {
    Client client;
    client.workload = driver.workload;
    client.machine = &cluster_->Add(*member++, driver.id, driver.count,
                                    nullptr, disk_options);
    clients_.push_back(client);
  }
  for (Population::Server& server : population_.servers) {
    cluster_->Add(*member++, server.index, server.count, server.options,
                  disk_options);
  }
  driver_ = std::make_unique<ChaosDriver>(
      &plan_, &world_, cluster_.get(), &buggify_,
      config_->attrition.has_value() ? &*config_->attrition : nullptr);
}

IterationResult Iteration::Run() {
  EnterPhase("build");
  AssertionTable::Get().BeginWorld();
  for (const auto& invariant : config_->invariants) invariant->Reset();
  Build();
  for (const auto& [name, check] : config_->on_event) {
    subscriptions_.push_back(events_.Subscribe(name, check));
  }
  if (hooks_ != nullptr) {
    hooks_->OnEventsReady(events_);
    hooks_->OnWorldReady(world_);
  }
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
  EnterPhase("boot");
  const size_t drivers = clients_.size();
  for (size_t i = 0; i < population_.servers.size(); ++i) {
    cluster_->Boot(*cluster_->machines()[drivers + i],
                   std::move(population_.servers[i].first));
  }
  for (Client& client : clients_) cluster_->Boot(*client.machine, nullptr);

  const size_t before = AssertionTable::Get().violations().size();
  if (!RunStep("set-up", &moonpool::Workload::Setup)) return;
  // A failed set-up makes what follows meaningless.
  if (AssertionTable::Get().violations().size() != before) return;

  EnterPhase("run");
  Spawn("run", &moonpool::Workload::Run);
  const PhaseConfig& phases = config_->phases;
  const bool starts_at_once = phases.warm_up <= absl::ZeroDuration();
  if (starts_at_once) StartChaos();
  if (!starts_at_once || phases.chaos_duration.has_value()) {
    engine_tasks_.SpawnNamed("phases", &Iteration::RunChaosPhase, this);
  }
  if (!TurnUntil("run", [this] { return clients_are_done(); })) return;
  EnterPhase("recovery");
  EndChaos();
  engine_tasks_.Clear();
  if (!TurnUntil("recovery", [this] { return cluster_->all_up(); })) return;
  SetLivenessDeadline(std::nullopt);
  if (phases.quiet > absl::ZeroDuration()) {
    EnterPhase("quiet");
    const absl::Duration end = world_.now() + phases.quiet;
    JoinHandle quiet = engine_tasks_.Spawn([this, end]() -> Task<void> {
      co_await time_.Sleep(end - world_.now());
    });
    if (!TurnUntil("quiet", [&] { return quiet.is_finished(); })) return;
  }
  RunStep("check", &moonpool::Workload::Check);
}

template <typename Done>
bool Iteration::TurnUntil(absl::string_view phase, Done done) {
  for (;;) {
    world_.RunReady();
    if (!AfterTurn()) return false;
    if (done()) return true;
    if (world_.FireNext()) {
      // Before whoever was woken too late can say that it is done.
      if (!IsInTime()) return false;
      continue;
    }
    ReportFailure(
        "deadlock",
        absl::StrCat("nothing can happen any more in phase ", phase),
        absl::StrCat("waiting: ", Unfinished()));
    return false;
  }
}

bool Iteration::AfterTurn() {
  for (const auto& invariant : config_->invariants) {
    try {
      invariant->Check(state_, world_.now());
    } catch (const std::exception& e) {
      ReportFailure(
          "exception",
          absl::StrCat("an exception left invariant ", invariant->name()),
          e.what());
      return false;
    }
  }
  if (world_.is_runaway()) {
    ReportFailure("busy loop", "tasks run for ever without time passing",
                  absl::StrCat("waiting: ", Unfinished()));
    return false;
  }
  return !(config_->stop_at_violation &&
           AssertionTable::Get().has_violations());
}

void Iteration::SetLivenessDeadline(std::optional<absl::Duration> deadline) {
  liveness_deadline_ = deadline;
  deadline_ns_ = absl::ToInt64Nanoseconds(
      std::min(config_->run_time_budget,
               deadline.value_or(absl::InfiniteDuration())));
}

bool Iteration::ExplainDeadline() {
  if (world_.now() > config_->run_time_budget) {
    ReportFailure("time budget",
                  absl::StrCat("more than ",
                               absl::FormatDuration(config_->run_time_budget),
                               " of simulated time"),
                  absl::StrCat("waiting: ", Unfinished()));
    return false;
  }
  if (liveness_deadline_.has_value() && world_.now() > *liveness_deadline_) {
    ReportFailure("liveness",
                  absl::StrCat("not at rest ",
                               absl::FormatDuration(
                                   config_->phases.liveness_deadline),
                               " after the end of chaos"),
                  absl::StrCat("waiting: ", Unfinished()));
    return false;
  }
  return true;
}

bool Iteration::clients_are_done() const {
  for (const Client& client : clients_) {
    if (client.is_busy) return false;
  }
  return true;
}

void Iteration::Spawn(absl::string_view phase, Step step) {
  for (Client& client : clients_) {
    client.is_busy = true;
    client.machine->tasks().SpawnNamed("workload", &Iteration::RunClient, this,
                                       &client, phase, step);
  }
}

bool Iteration::RunStep(const char* phase, Step step) {
  EnterPhase(phase);
  Spawn(phase, step);
  return TurnUntil(phase, [this] { return clients_are_done(); });
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

// --- Chaos ------------------------------------------------------------------

Task<void> Iteration::RunChaosPhase() {
  const PhaseConfig& phases = config_->phases;
  if (phases.warm_up > absl::ZeroDuration()) {
    co_await time_.Sleep(phases.warm_up);
    StartChaos();
  }
  if (!phases.chaos_duration.has_value()) co_return;
  co_await time_.Sleep(*phases.chaos_duration);
  EndChaos();
}

void Iteration::StartChaos() {
  if (chaos_ended_) return;
  chaos_running_ = true;
  driver_->Start();
  ReadyQueue::OwnerScope owned(world_.ready(), kChaosOwner);
  if (config_->attrition.has_value()) {
    // Without a profile nothing leaves out what the builder asked for.
    const bool masked = plan_.level != ChaosProfile::Level::kOff;
    injectors_.push_back(MakeAttrition(
        *config_->attrition,
        masked ? plan_.attrition
               : AttritionMask{.enabled = true,
                               .graceful = true,
                               .crash = true,
                               .wipe = true}));
  }
  for (auto& factory : config_->faults) injectors_.push_back(factory());
  for (auto& injector : injectors_) {
    chaos_tasks_.SpawnNamed("injector", &Iteration::RunInjector, this,
                            injector.get());
  }
}

void Iteration::EndChaos() {
  if (chaos_ended_) return;
  chaos_ended_ = true;
  chaos_running_ = false;
  chaos_.Cancel();
  chaos_tasks_.Clear();
  injectors_.clear();
  Heal();
  world_.Tell("chaos", "is over");
  const PhaseConfig& phases = config_->phases;
  const absl::Duration recovery =
      phases.recovery_duration.value_or(absl::ZeroDuration());
  SetLivenessDeadline(world_.now() + recovery + phases.liveness_deadline);
  if (phases.recovery_duration.has_value()) {
    engine_tasks_.Spawn(&Iteration::AskToStopLater, this, recovery);
  }
}

void Iteration::Heal() {
  driver_->Stop();
  cluster_->ResumeAll();
  network_->HealAll();
}

Task<void> Iteration::AskToStopLater(absl::Duration delay) {
  co_await time_.Sleep(delay);
  for (Client& client : clients_) {
    if (!client.is_busy) continue;
    world_.Tell(client.machine->ip(), "asked to stop");
    client.machine->RequestStop();
  }
}

Task<void> Iteration::RunInjector(FaultInjector* injector) {
  const absl::Status status =
      co_await injector->Inject(static_cast<FaultContext&>(*cluster_));
  if (status.ok()) co_return;
  ReportFailure("injector error",
                absl::StrCat("fault injector ", injector->name(), " returned ",
                             absl::StatusCodeToString(status.code())),
                status.message());
}

Task<absl::Status> Iteration::QuietPeriod(absl::Duration duration) {
  // The engine's own task sees it through, whatever becomes of the caller.
  auto reached = std::make_shared<WaitList>();
  {
    ReadyQueue::OwnerScope owned(world_.ready(), kEngineOwner);
  engine_tasks_.SpawnNamed("quiet period", &Iteration::RunQuietPeriod, this,
                             duration, reached);
  }
  co_await reached->Wait();
  co_return absl::OkStatus();
}

Task<void> Iteration::RunQuietPeriod(absl::Duration duration,
                                     std::shared_ptr<WaitList> reached) {
  if (chaos_running_ && quiet_periods_++ == 0) {
    world_.ready().Pause(kChaosOwner);
    Heal();
    world_.Tell("chaos", "pauses");
  }
  co_await cluster_->WaitUntilAllUp();
  reached->WakeAll();
  co_await time_.Sleep(duration);
  if (!chaos_running_ || --quiet_periods_ > 0) co_return;
  world_.Tell("chaos", "goes on");
  driver_->Start();
  world_.ready().Resume(kChaosOwner);
}

// --- The end ----------------------------------------------------------------

std::string Iteration::Unfinished() const {
  std::vector<std::string> names;
  for (const Client& client : clients_) {
    if (client.is_busy) names.push_back(client.machine->name());
  }
  std::string text =
      names.empty() ? "no workload" : absl::StrJoin(names, ", ");
  const std::vector<std::string> dead = cluster_->dead_ips();
  if (!dead.empty()) absl::StrAppend(&text, "; down: ", absl::StrJoin(dead, ", "));
  const std::string tasks = cluster_->LiveTasks();
  if (!tasks.empty()) absl::StrAppend(&text, "; tasks of ", tasks);
  return text;
}

IterationResult Iteration::Collect() const {
  IterationResult result;
  World& world = const_cast<World&>(world_);
  result.seed = seed_;
  result.trace_hash = world.trace().value();
  result.events = world.events();
  result.draws = world.random().draws();
  result.drawn_kinds = world.random().drawn_kinds();
  result.simulated_ns = world.now_ns();
  result.boots = cluster_->boots();
  result.faults = world.faults();
  result.bytes_sent = network_->stats().bytes;
  result.max_queue = static_cast<int64_t>(world.max_pending_events());
  result.max_in_flight =
      static_cast<int64_t>(network_->stats().max_segments_in_flight);
  for (const auto& machine : cluster_->machines()) {
    const DiskStats& disk = machine->disk().stats();
    result.bytes_written += disk.bytes_written;
    result.fsyncs += disk.syncs;
    result.max_disk_queue = std::max(result.max_disk_queue,
                                     static_cast<int64_t>(disk.max_queue));
  }
  if (AssertionTable::Get().has_violations()) result.chaos = plan_.ToString();
  result.violations = AssertionTable::Get().violations();
  result.trace_samples.assign(
      world.trace().samples(),
      world.trace().samples() + world.trace().sample_count());
  return result;
}

void Iteration::TearDown() {
  EnterPhase("teardown");
  engine_tasks_.Clear();
  chaos_tasks_.Clear();
  injectors_.clear();  // may still use the cluster and its network
  driver_.reset();
  world_.ready().Resume(kChaosOwner);
  cluster_->TearDown();
  network_->SetFaults(NetworkFaults());
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
