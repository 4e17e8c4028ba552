// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// NodeLog: how the application says what happens on a node. One belongs to
// each incarnation of a process and to each workload; whatever task holds it
// speaks for that node, so events of child tasks are attributed as well.
//
//   log.Info("leader elected", {{"term", term}});
//   {
//     Span span = log.StartSpan("append", {{"index", index}});
//     co_await wal->Append(record);
//     Span sync = span.StartSpan("sync");
//     co_await wal->Sync();
//   }  // both end here, or where a crash destroys the task
//
// Without anybody who listens each call is one branch; its arguments are
// evaluated all the same, so keep them cheap. Names are identities: constants,
// with what varies in the fields.
#ifndef MOONPOOL_SIM_TRACE_NODE_LOG_H_
#define MOONPOOL_SIM_TRACE_NODE_LOG_H_

#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "sim/trace/event.h"
#include "sim/trace/event_sink.h"

namespace moonpool {

class NodeLog;

// Something that takes time, from StartSpan to End or the destructor. It ends
// with the field "aborted" if a crash destroyed it. Must not outlive its log.
class [[nodiscard]] Span {
 public:
  Span() = default;  // has ended
  Span(Span&& other) noexcept { *this = std::move(other); }
  Span& operator=(Span&& other) noexcept;
  ~Span() {
    if (id_ != 0) Finish({});
  }

  // A span within this one; the enclosing one should end later.
  Span StartSpan(absl::string_view name, EventFields fields = {}) const;
  // An event that belongs to this span.
  void Info(absl::string_view name, EventFields fields = {}) const;
  // Ends it, with what came of it. The second End does nothing.
  void End(EventFields fields = {}) {
    if (id_ != 0) Finish(fields);
  }

 private:
  friend class NodeLog;
  void Finish(EventFields fields);

  const NodeLog* log_ = nullptr;
  absl::string_view name_;
  uint64_t id_ = 0;  // 0: it has ended, or nobody listened when it began
  int64_t begin_ns_ = 0;
  uint32_t task_ = 0;
};

class NodeLog {
 public:
  // who: the node's address. The sink outlives the log.
  NodeLog(EventSink* sink, std::string who)
      : sink_(sink), who_(std::move(who)) {}
  NodeLog(const NodeLog&) = delete;

  void Info(absl::string_view name, EventFields fields = {}) const {
    if (sink_->is_active()) Say(EventSeverity::kInfo, name, 0, fields);
  }
  void Warning(absl::string_view name, EventFields fields = {}) const {
    if (sink_->is_active()) Say(EventSeverity::kWarning, name, 0, fields);
  }
  void Error(absl::string_view name, EventFields fields = {}) const {
    if (sink_->is_active()) Say(EventSeverity::kError, name, 0, fields);
  }
  // A quantity has this value from now on: a curve in the exported trace.
  void Gauge(absl::string_view name, int64_t value) const {
    if (sink_->is_active()) SayGauge(name, value);
  }
  // REQUIRES: name outlives the span; a literal does.
  Span StartSpan(absl::string_view name, EventFields fields = {}) const {
    return sink_->is_active() ? Begin(name, 0, fields) : Span();
  }

  const std::string& who() const { return who_; }
  EventSink& sink() const { return *sink_; }

 private:
  friend class Span;
  void Say(EventSeverity severity, absl::string_view name, uint64_t span,
           EventFields fields) const;
  void SayGauge(absl::string_view name, int64_t value) const;
  Span Begin(absl::string_view name, uint64_t parent, EventFields fields) const;

  EventSink* const sink_;
  const std::string who_;
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_TRACE_NODE_LOG_H_
