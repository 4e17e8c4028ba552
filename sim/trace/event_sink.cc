// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/trace/event_sink.h"

#include "absl/cleanup/cleanup.h"
#include "absl/strings/ascii.h"
#include "providers/base/check.h"
#include "sim/core/arena.h"

namespace moonpool {

struct Subscription::Subscriber {
  EventSink* sink;  // nullptr: ended
  EventCallback callback;
};

Subscription& Subscription::operator=(Subscription&& other) noexcept {
  if (this == &other) return *this;
  End();
  subscriber_ = std::move(other.subscriber_);
  return *this;
}

void Subscription::End() {
  if (subscriber_ == nullptr) return;
  EventSink* sink = subscriber_->sink;
  subscriber_->sink = nullptr;
  // The list has another reference, so a callback may end its own subscription.
  subscriber_.reset();
  if (sink != nullptr) sink->OnEnd();
}

EventSink::EventSink(World* world) : world_(world) {}

EventSink::~EventSink() {
  for (const auto& subscriber : all_) subscriber->sink = nullptr;
  for (const auto& [name, list] : by_name_) {
    for (const auto& subscriber : list) subscriber->sink = nullptr;
  }
  if (active_) world_->RemoveListener(this);
}

Subscription EventSink::Subscribe(absl::string_view name,
                                  EventCallback callback) {
  Arena::OutsideScope outside;
  return Add(by_name_[std::string(name)], std::move(callback));
}

Subscription EventSink::SubscribeAll(EventCallback callback) {
  return Add(all_, std::move(callback));
}

Subscription EventSink::Add(Subscribers& list, EventCallback callback) {
  Arena::OutsideScope outside;
  auto subscriber =
      std::make_shared<Subscriber>(Subscriber{this, std::move(callback)});
  list.push_back(subscriber);
  Activate();
  return Subscription(std::move(subscriber));
}

void EventSink::set_ring(EventRing* ring) {
  ring_ = ring;
  Activate();
}

void EventSink::Activate() {
  const bool active = ring_ != nullptr || !all_.empty() || !by_name_.empty();
  if (active == active_) return;
  active_ = active;
  if (active) {
    world_->AddListener(this);
  } else {
    world_->RemoveListener(this);
  }
}

void EventSink::OnEnd() {
  has_ended_ = true;
  if (depth_ == 0) Prune();
}

void EventSink::Prune() {
  has_ended_ = false;
  const auto is_ended = [](const std::shared_ptr<Subscriber>& subscriber) {
    return subscriber->sink == nullptr;
  };
  std::erase_if(all_, is_ended);
  for (auto at = by_name_.begin(); at != by_name_.end();) {
    std::erase_if(at->second, is_ended);
    at = at->second.empty() ? by_name_.erase(at) : std::next(at);
  }
  Activate();
}

void EventSink::Emit(TraceEvent event) {
  constexpr int kMaxDepth = 100;
  CHECK(active_) << "an event that nobody hears";
  CHECK(depth_ < kMaxDepth)
      << "callbacks of events emit events that call them again: " << event.name;
  Arena::OutsideScope outside;
  event.sequence = ++sequence_;
  event.time_ns = world_->now_ns();
  if (ring_ != nullptr) ring_->Append(event);
  if (all_.empty() && by_name_.empty()) return;
  ++depth_;
  const absl::Cleanup leave = [this] {
    if (--depth_ == 0 && has_ended_) Prune();
  };
  Deliver(all_, event);
  const auto at = by_name_.find(event.name);
  if (at != by_name_.end()) Deliver(at->second, event);
}

void EventSink::Deliver(const Subscribers& list, const TraceEvent& event) {
  // Whoever subscribes meanwhile gets the next event. Callbacks may move the
  // list (a new subscriber), but not remove from it before depth_ is 0.
  const size_t count = list.size();
  for (size_t i = 0; i < count; ++i) {
    Subscriber* subscriber = list[i].get();
    if (subscriber->sink != nullptr) subscriber->callback(event);
  }
}

void EventSink::OnOccurrence(const WorldOccurrence& occurrence) {
  EventField fields[2];
  size_t count = 0;
  if (occurrence.fault.has_value()) {
    fields[count++] = EventField("family", FaultFamilyName(*occurrence.fault));
  }
  if (!occurrence.object.empty()) {
    fields[count++] = EventField("object", occurrence.object);
  }
  TraceEvent event;
  event.type =
      occurrence.fault.has_value() ? EventType::kFault : EventType::kLifecycle;
  event.who = occurrence.who;
  event.name = absl::StripTrailingAsciiWhitespace(occurrence.what);
  event.fields = absl::MakeSpan(fields, count);
  Emit(event);
}

}  // namespace moonpool
