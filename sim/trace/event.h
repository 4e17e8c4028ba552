// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// TraceEvent: something that happened in a simulated world, with the simulated
// time, the node it happened to, a name and typed fields.
//
// Events are views: they and everything in them hold only while the callback
// they are handed to runs. An EventRing keeps them.
#ifndef MOONPOOL_SIM_TRACE_EVENT_H_
#define MOONPOOL_SIM_TRACE_EVENT_H_

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace moonpool {

enum class EventType : uint8_t {
  kLog,        // what the application says
  kSpanBegin,  // something that takes time begins
  kSpanEnd,
  kFault,      // injected trouble; the field "family" says of which kind
  kLifecycle,  // boots, stops, cut and healed links
  kMetric,     // a new value of a quantity, in the field "value"
};
enum class EventSeverity : uint8_t { kInfo, kWarning, kError };

// "log", "span begin", …
absl::string_view EventTypeName(EventType type);

// A key and its value: an integer, a bool or text. Made from braces at the
// place of the event, {"term", term}; a view, so it costs no allocation.
struct EventField {
  enum class Kind : uint8_t { kInteger, kUnsigned, kBool, kText };

  EventField() = default;
  template <typename Text>
  requires std::convertible_to<const Text&, absl::string_view> EventField(
      absl::string_view key, const Text& value)
      : key(key), kind(Kind::kText), text(value) {}
  template <std::integral Int>
  EventField(absl::string_view key, Int value)
      : key(key),
        kind(std::same_as<Int, bool> ? Kind::kBool
             : std::unsigned_integral<Int> &&
                     value > static_cast<uint64_t>(
                                 std::numeric_limits<int64_t>::max())
                 ? Kind::kUnsigned
                 : Kind::kInteger),
        number(static_cast<int64_t>(value)) {}

  // "7", "true", the text.
  std::string ValueText() const;

  absl::string_view key;
  Kind kind = Kind::kInteger;
  // kUnsigned, for values above 2^63: the same 64 bits.
  int64_t number = 0;
  absl::string_view text;

  friend bool operator==(const EventField&, const EventField&) = default;
};
using EventFields = std::initializer_list<EventField>;

struct TraceEvent {
  uint64_t sequence = 0;  // in the order of emission, from 1, without gaps
  int64_t time_ns = 0;    // the world's time, not that of a node's clock
  EventType type = EventType::kLog;
  EventSeverity severity = EventSeverity::kInfo;
  absl::string_view who;  // the node: "10.0.1.2"
  absl::string_view name;
  // Begin and end: which span. Logs: the span they belong to, 0 for none.
  uint64_t span = 0;
  uint64_t parent = 0;      // begin: the enclosing span, 0 for none
  uint32_t task = 0;        // begin and end: that which began it, 0 for none
  int64_t duration_ns = 0;  // end: since the begin
  absl::Span<const EventField> fields;

  // The first field of that key, or nullptr.
  const EventField* Find(absl::string_view key) const;
  // Its number (bools: 0 and 1) or text; the default if there is none such.
  int64_t Int(absl::string_view key, int64_t or_else = 0) const;
  absl::string_view Text(absl::string_view key) const;
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_TRACE_EVENT_H_
