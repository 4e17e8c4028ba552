// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/trace/node_log.h"

namespace moonpool {
namespace {

absl::Span<const EventField> ViewOf(EventFields fields) {
  return absl::MakeConstSpan(fields.begin(), fields.size());
}

}  // namespace

Span& Span::operator=(Span&& other) noexcept {
  if (this == &other) return *this;
  End();
  log_ = other.log_;
  name_ = other.name_;
  id_ = std::exchange(other.id_, 0);
  begin_ns_ = other.begin_ns_;
  task_ = other.task_;
  return *this;
}

Span Span::StartSpan(absl::string_view name, EventFields fields) const {
  // Without a log it was started when nobody listened: so are its children.
  if (log_ == nullptr || !log_->sink().is_active()) return Span();
  return log_->Begin(name, id_, fields);
}

void Span::Info(absl::string_view name, EventFields fields) const {
  if (log_ == nullptr || !log_->sink().is_active()) return;
  log_->Say(EventSeverity::kInfo, name, id_, fields);
}

void Span::Finish(EventFields fields) {
  const uint64_t id = std::exchange(id_, 0);
  const EventSink& sink = log_->sink();
  if (!sink.is_active()) return;
  TraceEvent event;
  event.type = EventType::kSpanEnd;
  event.who = log_->who();
  event.name = name_;
  event.span = id;
  event.task = task_;
  event.duration_ns = sink.world().now_ns() - begin_ns_;
  event.fields = ViewOf(fields);
  const EventField aborted("aborted", true);
  if (sink.world().in_teardown()) event.fields = {&aborted, 1};
  log_->sink().Emit(event);
}

void NodeLog::Say(EventSeverity severity, absl::string_view name, uint64_t span,
                  EventFields fields) const {
  TraceEvent event;
  event.severity = severity;
  event.who = who_;
  event.name = name;
  event.span = span;
  event.fields = ViewOf(fields);
  sink_->Emit(event);
}

void NodeLog::SayGauge(absl::string_view name, int64_t value) const {
  const EventField field("value", value);
  TraceEvent event;
  event.type = EventType::kMetric;
  event.who = who_;
  event.name = name;
  event.fields = {&field, 1};
  sink_->Emit(event);
}

Span NodeLog::Begin(absl::string_view name, uint64_t parent,
                    EventFields fields) const {
  Span span;
  span.log_ = this;
  span.name_ = name;
  span.id_ = sink_->NextSpan();
  span.begin_ns_ = sink_->world().now_ns();
  span.task_ = sink_->world().ready().task();
  TraceEvent event;
  event.type = EventType::kSpanBegin;
  event.who = who_;
  event.name = name;
  event.span = span.id_;
  event.parent = parent;
  event.task = span.task_;
  event.fields = ViewOf(fields);
  sink_->Emit(event);
  return span;
}

}  // namespace moonpool
