// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/core/world.h"

#include <algorithm>
#include <limits>
#include <typeinfo>

#include "absl/strings/str_cat.h"
#include "providers/base/check.h"
#include "providers/base/hash.h"
#include "sim/core/node_clock.h"

namespace moonpool {
namespace {
thread_local constinit World* current = nullptr;
constinit TraceListener* new_worlds_listener = nullptr;

int64_t SaturatingAdd(int64_t a, int64_t b) {
  int64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum)
             ? std::numeric_limits<int64_t>::max()
             : sum;
}

}  // namespace

World::World(const WorldOptions& options)
    : options_(options),
      previous_(current),
      random_(options.seed, &trace_),
      schedule_(&random_, "schedule", 0, StreamKind::kSchedule),
      entropy_(&random_, "guard"),
      soon_(&random_, "soon", 0, StreamKind::kFaults),
      ready_scope_(ready_) {
  current = this;
  trace_.set_listener(new_worlds_listener);
  random_.WatchTrace();
  random_.set_reseed_listener(this);
}

World::~World() { current = previous_; }

void World::OnReseed(StreamKinds kinds) {
  if ((kinds & KindBit(StreamKind::kFaults)) != 0) {
    faults_come_soon_ = (kinds & kSoon) != 0;
    for (DrawnWait* wait = first_wait_; wait != nullptr; wait = wait->next_) {
      wait->Redraw();
    }
  }
  for (ReseedListener* listener : reseed_listeners_) listener->OnReseed(kinds);
}

World* World::Current() { return current; }

void World::RecordNewWorlds(TraceListener* listener) {
  new_worlds_listener = listener;
}

void World::RecordTrace(TraceKind kind, uint64_t target, uint64_t payload) {
  trace_.listener()->OnWord(
      {.kind = TraceListener::Kind::kTrace,
       .words = {static_cast<uint64_t>(kind), target, payload},
       .hash = trace_.value(),
       .type = nullptr});
}

void World::Sample(const TimedEvent& event) {
  if (TraceListener* listener = trace_.listener()) {
    listener->OnWord({.kind = TraceListener::Kind::kEvent,
                      .words = {static_cast<uint64_t>(now_ns_), 0, 0},
                      .hash = trace_.value(),
                      .type = typeid(event).name()});
  }
  trace_.SampleAt(events_, random_.draws());
  if (events_ >= next_boundary_) PassBoundary();
}

void World::WatchBoundaries(BoundaryWatcher* watcher, uint64_t every) {
  CHECK(every > 0) << "boundaries are at least one event apart";
  watcher_ = watcher;
  boundary_distance_ = every;
  next_boundary_ = (events_ / every + 1) * every;
  trace_.set_also_due(next_boundary_);
}

void World::PassBoundary() {
  next_boundary_ += boundary_distance_;
  trace_.set_also_due(next_boundary_);
  watcher_->OnBoundary();
}

void World::RunReady() {
  uint64_t budget = options_.max_resumptions_per_turn;
  while (!ready_.empty()) {
    if (budget-- == 0) {
      runaway_ = true;
      return;
    }
    const size_t count = ready_.size();
    const bool choose =
        count > 1 && options_.ready_order == ReadyOrder::kRandom;
    ready_.RunAt(choose ? ScaleBelow(schedule_.Next(), count) : 0);
  }
}

bool World::FireNext() {
  TimedEvent* event = queue_.Pop();
  if (event == nullptr) return false;
  now_ns_ = event->time_ns();
  ++events_;
  trace_.Add(static_cast<uint64_t>(now_ns_));
  if (__builtin_expect(trace_.IsSampleDue(events_), 0)) Sample(*event);
  ready_.set_owner(0);
  event->Fire();
  return true;
}

void World::Schedule(TimedEvent& event, int64_t delay_ns) {
  CHECK(!in_teardown()) << "scheduling while a process is being destroyed: "
                           "destructors in tasks must not start anything";
  const int64_t room = std::numeric_limits<int64_t>::max() - now_ns_;
  queue_.Schedule(event,
                  now_ns_ + (delay_ns < 0 ? 0 : delay_ns < room ? delay_ns
                                                                : room));
  max_pending_events_ = std::max(max_pending_events_, queue_.size());
}

std::string WorldOccurrence::Text() const {
  return absl::StrCat(what, object);
}

void World::AddListener(WorldListener* listener) {
  WorldListener** end = &listeners_;
  for (; *end != nullptr; end = &(*end)->next_) {
    CHECK(*end != listener) << "a listener is added twice";
  }
  listener->next_ = nullptr;
  *end = listener;
}

void World::RemoveListener(WorldListener* listener) {
  WorldListener** at = &listeners_;
  while (*at != nullptr && *at != listener) at = &(*at)->next_;
  CHECK(*at == listener) << "a listener is removed that was never added";
  *at = listener->next_;
}

void World::TellListeners(absl::string_view who, absl::string_view what,
                          absl::string_view object,
                          std::optional<FaultFamily> fault) {
  const WorldOccurrence occurrence = {.time_ns = now_ns_,
                                      .who = who,
                                      .what = what,
                                      .object = object,
                                      .fault = fault};
  for (WorldListener* listener = listeners_; listener != nullptr;) {
    WorldListener* next = listener->next_;  // it may remove itself
    listener->OnOccurrence(occurrence);
    listener = next;
  }
}

void World::Fault(FaultFamily family, absl::string_view who,
                  absl::string_view what, absl::string_view object) {
  faults_.Add(family);
  Trace(TraceKind::kFault, static_cast<uint64_t>(family), HashBytes(who));
  if (listeners_ != nullptr) TellListeners(who, what, object, family);
}

World::TeardownScope::TeardownScope(World* world) : world_(world) {
  ++world_->teardown_;
  world_->random_.set_forbidden(true);
}
World::TeardownScope::~TeardownScope() {
  if (--world_->teardown_ == 0) world_->random_.set_forbidden(false);
}

SimTime::SimTime(World* world, NodeClock* clock)
    : Time(clock == nullptr ? nullptr : clock->epoch()),
      world_(world),
      clock_(clock) {}

absl::Duration SimTime::Now() const {
  return clock_ == nullptr ? world_->now()
                           : absl::Nanoseconds(clock_->NowNs());
}

absl::Time SimTime::WallNow() const {
  if (clock_ != nullptr) return clock_->WallNow();
  return absl::FromUnixSeconds(kCalendarStartSeconds) + world_->now();
}

int64_t SimTime::Schedule(TimedEvent& event, absl::Duration delay) {
  const int64_t delay_ns = absl::ToInt64Nanoseconds(delay);
  if (clock_ == nullptr) {
    world_->Schedule(event, delay_ns);
    return SaturatingAdd(world_->now_ns(), delay_ns);
  }
  world_->Schedule(event, clock_->WorldDelayNs(delay_ns));
  return SaturatingAdd(clock_->NowNs(), delay_ns);
}

}  // namespace moonpool
