// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/trace/text_log.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace moonpool {
namespace {

// "4.118204 s".
std::string FormatSeconds(int64_t time_ns, int decimals) {
  constexpr int64_t kSecond = 1000000000;
  const std::string digits = absl::StrFormat("%09d", time_ns % kSecond);
  return absl::StrCat(time_ns / kSecond, ".",
                      digits.substr(0, static_cast<size_t>(decimals)), " s");
}

// 3, 6 or 9: as few as lose nothing.
int DecimalsOf(int64_t time_ns) {
  if (time_ns % 1000000 == 0) return 3;
  return time_ns % 1000 == 0 ? 6 : 9;
}

bool NeedsNoQuotes(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
           absl::StrContains("_.:/+-@%#*", absl::string_view(&c, 1));
  });
}

void AppendField(const EventField& field, std::string& line) {
  const std::string value = field.ValueText();
  const bool is_quoted =
      field.kind == EventField::Kind::kText && !NeedsNoQuotes(value);
  absl::StrAppend(&line, " ", absl::Utf8SafeCHexEscape(field.key), "=");
  if (is_quoted) {
    absl::StrAppend(&line, "\"", absl::Utf8SafeCHexEscape(value), "\"");
  } else {
    absl::StrAppend(&line, value);
  }
}

// What happened, before the fields.
std::string Headline(const TraceEvent& event) {
  const std::string name = absl::Utf8SafeCHexEscape(event.name);
  switch (event.type) {
    case EventType::kSpanBegin:
      return absl::StrCat(name, " begins");
    case EventType::kSpanEnd:
      return absl::StrCat(
          name, " ends after ",
          FormatSeconds(event.duration_ns, DecimalsOf(event.duration_ns)));
    case EventType::kFault:
    case EventType::kLifecycle: {
      const absl::string_view object = event.Text("object");
      return absl::StrCat(name, object.empty() ? "" : " ",
                          absl::Utf8SafeCHexEscape(object));
    }
    case EventType::kMetric:
      return name;
    case EventType::kLog:
      break;
  }
  switch (event.severity) {
    case EventSeverity::kInfo:
      return name;
    case EventSeverity::kWarning:
      return absl::StrCat("WARNING ", name);
    case EventSeverity::kError:
      return absl::StrCat("ERROR ", name);
  }
  return name;
}

std::string FormatFields(const TraceEvent& event) {
  std::string line;
  if (event.span != 0) AppendField({"span", event.span}, line);
  if (event.parent != 0) AppendField({"within", event.parent}, line);
  const bool told_object =
      event.type == EventType::kFault || event.type == EventType::kLifecycle;
  for (const EventField& field : event.fields) {
    if (told_object && field.key == "object") continue;
    AppendField(field, line);
  }
  return line;
}

}  // namespace

std::string FormatEvent(const TraceEvent& event, const TextFormat& format) {
  // Room for 999 seconds.
  std::string line = absl::StrFormat(
      "%*s  %-*s  %s", format.decimals + 6,
      FormatSeconds(event.time_ns, format.decimals), format.who_width,
      absl::Utf8SafeCHexEscape(event.who), Headline(event));
  const std::string fields = FormatFields(event);
  if (!fields.empty()) absl::StrAppend(&line, " ", fields);
  return line;
}

std::string FormatLog(const EventRing& ring) {
  TextFormat format = {.decimals = 3, .who_width = 1};
  ring.ForEach([&](const TraceEvent& event) {
    format.decimals = std::max(format.decimals, DecimalsOf(event.time_ns));
    const size_t width = absl::Utf8SafeCHexEscape(event.who).size();
    format.who_width = std::max(format.who_width, static_cast<int>(width));
  });
  std::string text;
  if (ring.dropped() > 0) {
    absl::StrAppend(&text, "(", ring.dropped(), " earlier events dropped)\n");
  }
  ring.ForEach([&](const TraceEvent& event) {
    absl::StrAppend(&text, FormatEvent(event, format), "\n");
  });
  return text;
}

void LivePrinter::Print(const TraceEvent& event) {
  const std::string line = absl::StrCat(FormatEvent(event), "\n");
  for (size_t written = 0; written < line.size();) {
    const ssize_t size =
        write(fd_, line.data() + written, line.size() - written);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return;  // nobody reads any more; the run goes on
    written += static_cast<size_t>(size);
  }
}

}  // namespace moonpool
