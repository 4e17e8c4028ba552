// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/trace/perfetto_writer.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "sim/core/arena.h"
#include "sim/trace/perfetto.pb.h"

namespace moonpool {
namespace {

using perfetto::TrackDescriptor;
using perfetto::TrackEvent;

// What a first pass over the ring finds out about a span.
struct SpanFacts {
  bool has_begin = false;
  int64_t begin_ns = 0;
  uint64_t end_sequence = ~uint64_t{0};  // not ended: after all others
  uint32_t task = 0;
  std::string who;
  std::string name;
};

struct Node {
  uint64_t uuid = 0;
  uint64_t tracks = 0;  // handed out
  absl::btree_map<std::string, uint64_t> uuids;
  // For each task, the open spans on each of its tracks, outermost first.
  using Lanes = std::vector<std::vector<uint64_t>>;
  absl::btree_map<uint32_t, Lanes> lanes;
};

class Writer {
 public:
  Writer(const EventRing& ring, const PerfettoOptions& options)
      : ring_(ring), options_(options) {}

  std::string Write() {
    ring_.ForEach([this](const TraceEvent& event) { Survey(event); });
    BeginDroppedSpans();
    ring_.ForEach([this](const TraceEvent& event) { Add(event); });
    CloseOpenSpans();
    std::string bytes;
    trace_.SerializeToString(&bytes);
    return bytes;
  }

 private:
  void Survey(const TraceEvent& event) {
    end_ns_ = std::max({end_ns_, options_.end_ns, event.time_ns});
    if (event.type == EventType::kSpanBegin) {
      SpanFacts& facts = spans_[event.span];
      facts.has_begin = true;
      facts.begin_ns = event.time_ns;
    }
    if (event.type != EventType::kSpanEnd) return;
    SpanFacts& facts = spans_[event.span];
    facts.end_sequence = event.sequence;
    if (facts.has_begin) return;
    facts.begin_ns = event.time_ns - event.duration_ns;
    facts.task = event.task;
    facts.who = std::string(event.who);
    facts.name = std::string(event.name);
  }

  // They began in the order of their ids, before all that the ring still has.
  void BeginDroppedSpans() {
    for (const auto& [id, facts] : spans_) {
      if (facts.has_begin) continue;
      Node& node = NodeOf(facts.who);
      Begin(node, facts.task, id, 0, facts.begin_ns)->set_name(facts.name);
    }
  }

  void Add(const TraceEvent& event) {
    Node& node = NodeOf(event.who);
    switch (event.type) {
      case EventType::kSpanBegin: {
        TrackEvent* begin =
            Begin(node, event.task, event.span, event.parent, event.time_ns);
        Describe(event, begin);
        return;
      }
      case EventType::kSpanEnd: {
        const uint64_t track = End(node.lanes[event.task], event.span);
        Annotate(event,
                 AddEvent(track, TrackEvent::TYPE_SLICE_END, event.time_ns));
        return;
      }
      case EventType::kMetric: {
        const uint64_t track = TrackOf(node, event.name, /*is_counter=*/true);
        AddEvent(track, TrackEvent::TYPE_COUNTER, event.time_ns)
            ->set_counter_value(event.Int("value"));
        return;
      }
      case EventType::kLog:
      case EventType::kFault:
      case EventType::kLifecycle:
        break;
    }
    TrackEvent* instant = AddEvent(TrackOfInstant(node, event),
                                   TrackEvent::TYPE_INSTANT, event.time_ns);
    Describe(event, instant);
  }

  uint64_t TrackOfInstant(Node& node, const TraceEvent& event) {
    if (event.type == EventType::kLifecycle) return node.uuid;
    if (event.type == EventType::kFault) return TrackOf(node, "faults", false);
    const auto open = tracks_of_spans_.find(event.span);
    return open != tracks_of_spans_.end() ? open->second
                                          : TrackOf(node, "log", false);
  }

  void CloseOpenSpans() {
    for (auto& [who, node] : nodes_) {
      for (const auto& [task, lanes] : node.lanes) {
        for (size_t lane = 0; lane < lanes.size(); ++lane) {
          CloseOpenSpans(LaneTrack(node, task, lane), lanes[lane].size());
        }
      }
    }
  }
  void CloseOpenSpans(uint64_t track, size_t count) {
    for (; count > 0; --count) {
      TrackEvent* end = AddEvent(track, TrackEvent::TYPE_SLICE_END, end_ns_);
      perfetto::DebugAnnotation* open = end->add_debug_annotations();
      open->set_name("open");
      open->set_bool_value(true);
    }
  }

  // ---- Spans ---------------------------------------------------------------

  TrackEvent* Begin(Node& node, uint32_t task, uint64_t span, uint64_t parent,
                    int64_t time_ns) {
    Node::Lanes& lanes = node.lanes[task];
    const size_t lane = LaneFor(lanes, span, parent);
    if (lane == lanes.size()) lanes.emplace_back();
    lanes[lane].push_back(span);
    const uint64_t track = LaneTrack(node, task, lane);
    tracks_of_spans_[span] = track;
    TrackEvent* begin = AddEvent(track, TrackEvent::TYPE_SLICE_BEGIN, time_ns);
    begin->add_categories("span");
    return begin;
  }

  // Slices of a track must nest.
  size_t LaneFor(const Node::Lanes& lanes, uint64_t span, uint64_t parent) {
    for (size_t lane = 0; parent != 0 && lane < lanes.size(); ++lane) {
      const std::vector<uint64_t>& open = lanes[lane];
      if (!open.empty() && open.back() == parent &&
          spans_[span].end_sequence <= spans_[parent].end_sequence) {
        return lane;
      }
    }
    for (size_t lane = 0; lane < lanes.size(); ++lane) {
      if (lanes[lane].empty()) return lane;
    }
    return lanes.size();
  }

  uint64_t End(Node::Lanes& lanes, uint64_t span) {
    // It is the innermost of its track: see LaneFor.
    for (std::vector<uint64_t>& open : lanes) {
      if (!open.empty() && open.back() == span) open.pop_back();
    }
    const auto at = tracks_of_spans_.find(span);
    const uint64_t track = at->second;
    tracks_of_spans_.erase(at);
    return track;
  }

  uint64_t LaneTrack(Node& node, uint32_t task, size_t lane) {
    std::string name = task == 0 ? "spans" : absl::StrCat("task ", task);
    if (lane > 0) absl::StrAppend(&name, ", ", lane + 1);
    return TrackOf(node, name, false);
  }

  // ---- Packets -------------------------------------------------------------

  perfetto::TracePacket* AddPacket() {
    perfetto::TracePacket* packet = trace_.add_packet();
    packet->set_trusted_packet_sequence_id(1);
    if (trace_.packet_size() == 1) packet->set_sequence_flags(1);
    return packet;
  }

  TrackEvent* AddEvent(uint64_t track, TrackEvent::Type type, int64_t time_ns) {
    perfetto::TracePacket* packet = AddPacket();
    packet->set_timestamp(static_cast<uint64_t>(time_ns));
    TrackEvent* event = packet->mutable_track_event();
    event->set_track_uuid(track);
    event->set_type(type);
    return event;
  }

  Node& NodeOf(absl::string_view who) {
    const auto [at, is_new] = nodes_.try_emplace(std::string(who));
    Node& node = at->second;
    if (!is_new) return node;
    const auto number = static_cast<uint64_t>(nodes_.size());
    node.uuid = number << 32;
    TrackDescriptor* track = AddPacket()->mutable_track_descriptor();
    track->set_uuid(node.uuid);
    const auto name = options_.node_names.find(at->first);
    track->mutable_process()->set_pid(static_cast<int32_t>(number));
    track->mutable_process()->set_process_name(
        name == options_.node_names.end()
            ? at->first
            : absl::StrCat(name->second, " ", at->first));
    return node;
  }

  uint64_t TrackOf(Node& node, absl::string_view name, bool is_counter) {
    // A gauge may be called "log".
    const auto [at, is_new] =
        node.uuids.try_emplace(absl::StrCat(is_counter ? "=" : ":", name));
    if (!is_new) return at->second;
    at->second = node.uuid + ++node.tracks;
    TrackDescriptor* track = AddPacket()->mutable_track_descriptor();
    track->set_uuid(at->second);
    track->set_parent_uuid(node.uuid);
    track->set_name(std::string(name));
    track->set_sibling_merge_behavior(
        TrackDescriptor::SIBLING_MERGE_BEHAVIOR_NONE);
    if (is_counter) track->mutable_counter();
    return at->second;
  }

  static void Describe(const TraceEvent& event, TrackEvent* written) {
    written->set_name(std::string(event.name));
    if (event.type != EventType::kSpanBegin) {
      written->add_categories(std::string(EventTypeName(event.type)));
    }
    if (event.severity == EventSeverity::kWarning) {
      written->add_categories("warning");
    }
    if (event.severity == EventSeverity::kError) {
      written->add_categories("error");
    }
    Annotate(event, written);
  }

  static void Annotate(const TraceEvent& event, TrackEvent* written) {
    for (const EventField& field : event.fields) {
      perfetto::DebugAnnotation* to = written->add_debug_annotations();
      to->set_name(std::string(field.key));
      switch (field.kind) {
        case EventField::Kind::kInteger:
          to->set_int_value(field.number);
          break;
        case EventField::Kind::kUnsigned:
          to->set_uint_value(static_cast<uint64_t>(field.number));
          break;
        case EventField::Kind::kBool:
          to->set_bool_value(field.number);
          break;
        case EventField::Kind::kText:
          to->set_string_value(std::string(field.text));
          break;
      }
    }
  }

  const EventRing& ring_;
  const PerfettoOptions& options_;
  perfetto::Trace trace_;
  int64_t end_ns_ = 0;
  absl::btree_map<uint64_t, SpanFacts> spans_;
  absl::btree_map<uint64_t, uint64_t> tracks_of_spans_;  // the open ones
  std::map<std::string, Node> nodes_;  // whose references hold
};

}  // namespace

std::string PerfettoTrace(const EventRing& ring,
                          const PerfettoOptions& options) {
  Arena::OutsideScope outside;
  return Writer(ring, options).Write();
}

}  // namespace moonpool
