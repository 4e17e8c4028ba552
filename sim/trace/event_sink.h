// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// EventSink: where all events of one run come together, those that the
// application emits through its NodeLog and those that befall the world
// (faults, boots, crashes, cut links), in one stream. From here they go to a
// ring, to subscribers of one name, and to subscribers of everything.
//
//   World world(options);
//   EventSink sink(&world);                       // dies before the world
//   Subscription elected = sink.Subscribe(
//       "leader elected", [&](const TraceEvent& event) {
//         ASSERT_ALWAYS(leaders.emplace(event.Int("term"), event.who).second,
//                       "a term has one leader");
//       });
//
// Nobody there: an emission is one branch, and the world tells the sink
// nothing. Observing feeds nothing back: no draw, no scheduling, and all
// memory is taken outside the world's arena, so that an observed run has the
// trace hash and the addresses of an unobserved one.
#ifndef MOONPOOL_SIM_TRACE_EVENT_SINK_H_
#define MOONPOOL_SIM_TRACE_EVENT_SINK_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "sim/core/world.h"
#include "sim/trace/event.h"
#include "sim/trace/event_ring.h"

namespace moonpool {

// Called at once, where the event happens, also while a crashed process is
// being destroyed. It may look and assert; it must not draw, schedule, spawn
// or throw. It may emit, subscribe and unsubscribe.
using EventCallback = std::function<void(const TraceEvent&)>;

// Ends with its destruction. May outlive the sink.
class [[nodiscard]] Subscription {
 public:
  Subscription() = default;
  Subscription(Subscription&&) noexcept = default;
  Subscription& operator=(Subscription&& other) noexcept;
  ~Subscription() { End(); }
  void End();

 private:
  friend class EventSink;
  struct Subscriber;
  explicit Subscription(std::shared_ptr<Subscriber> subscriber)
      : subscriber_(std::move(subscriber)) {}
  std::shared_ptr<Subscriber> subscriber_;
};

class EventSink final : public WorldListener {
 public:
  explicit EventSink(World* world);
  EventSink(const EventSink&) = delete;
  ~EventSink() override;

  // The callback gets the events of that name: for what befalls the world,
  // "crash", "cut off from"; for spans, their begin and end.
  Subscription Subscribe(absl::string_view name, EventCallback callback);
  Subscription SubscribeAll(EventCallback callback);
  // Every event is kept there too; nullptr: no longer. Outlives the sink or is
  // taken away from it.
  void set_ring(EventRing* ring);

  // Whether anybody hears an event.
  bool is_active() const { return active_; }
  // Hands the event out, with its sequence and time set here. REQUIRES: active.
  void Emit(TraceEvent event);
  uint64_t NextSpan() { return ++spans_; }
  const World& world() const { return *world_; }

  // WorldListener: makes it a kFault or kLifecycle event, whose name is what
  // happened and whose field "object" is to whom.
  void OnOccurrence(const WorldOccurrence& occurrence) override;

 private:
  friend class Subscription;
  using Subscriber = Subscription::Subscriber;
  using Subscribers = std::vector<std::shared_ptr<Subscriber>>;

  Subscription Add(Subscribers& list, EventCallback callback);
  void Deliver(const Subscribers& list, const TraceEvent& event);
  void OnEnd();  // of a subscription
  void Prune();
  void Activate();

  World* const world_;
  EventRing* ring_ = nullptr;
  bool active_ = false;
  bool has_ended_ = false;  // some subscriptions, which are still listed
  int depth_ = 0;           // of emissions from callbacks
  uint64_t sequence_ = 0;
  uint64_t spans_ = 0;
  Subscribers all_;
  std::map<std::string, Subscribers, std::less<>> by_name_;
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_TRACE_EVENT_SINK_H_
