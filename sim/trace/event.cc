// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/trace/event.h"

#include "absl/strings/str_cat.h"
#include "providers/base/check.h"

namespace moonpool {

absl::string_view EventTypeName(EventType type) {
  switch (type) {
    case EventType::kLog:
      return "log";
    case EventType::kSpanBegin:
      return "span begin";
    case EventType::kSpanEnd:
      return "span end";
    case EventType::kFault:
      return "fault";
    case EventType::kLifecycle:
      return "lifecycle";
    case EventType::kMetric:
      return "metric";
  }
  CHECK(false) << "not an event type: " << static_cast<int>(type);
  return "";
}

std::string EventField::ValueText() const {
  switch (kind) {
    case Kind::kInteger:
      return absl::StrCat(number);
    case Kind::kUnsigned:
      return absl::StrCat(static_cast<uint64_t>(number));
    case Kind::kBool:
      return number != 0 ? "true" : "false";
    case Kind::kText:
      return std::string(text);
  }
  CHECK(false) << "not a kind of field: " << static_cast<int>(kind);
  return "";
}

const EventField* TraceEvent::Find(absl::string_view key) const {
  for (const EventField& field : fields) {
    if (field.key == key) return &field;
  }
  return nullptr;
}

int64_t TraceEvent::Int(absl::string_view key, int64_t or_else) const {
  const EventField* field = Find(key);
  const bool has_number =
      field != nullptr && field->kind != EventField::Kind::kText;
  return has_number ? field->number : or_else;
}

absl::string_view TraceEvent::Text(absl::string_view key) const {
  const EventField* field = Find(key);
  return field == nullptr ? absl::string_view() : field->text;
}

}  // namespace moonpool
