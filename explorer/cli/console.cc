// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/cli/console.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "explorer/recipe/outcome.h"

namespace moonpool {
namespace {

// Flushed at once: a log file shows it, and no fork inherits a full buffer.
void Write(absl::string_view text) {
  fwrite(text.data(), 1, text.size(), stdout);
  fflush(stdout);
}

}  // namespace

std::string WithCommas(uint64_t number) {
  std::string digits = absl::StrCat(number);
  for (size_t i = digits.size(); i > 3;) digits.insert(i -= 3, ",");
  return digits;
}

std::string Count(uint64_t number, absl::string_view noun) {
  return absl::StrCat(WithCommas(number), " ", noun, number == 1 ? "" : "s");
}

std::string Clock(absl::Duration elapsed) {
  const int64_t seconds = absl::ToInt64Seconds(elapsed);
  const std::string hours =
      seconds < 3600 ? "" : absl::StrCat(seconds / 3600, ":");
  return absl::StrFormat("%s%02d:%02d", hours, seconds / 60 % 60, seconds % 60);
}

std::string Seconds(double seconds) {
  return absl::StrFormat("%.3f s", seconds);
}

std::string OneLine(absl::string_view text) {
  std::string line;
  for (const char c : ToValidUtf8(text)) {
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c))) {
      absl::StrAppend(&line, "\\x",
                      absl::Hex(static_cast<uint8_t>(c), absl::kZeroPad2));
    } else {
      line += c;
    }
  }
  return line;
}

std::vector<std::string> CoverageLines(const ExplorationReport& report) {
  constexpr size_t kMax = 5;
  if (report.functions().empty()) return {};
  std::vector<std::string> lines;
  std::vector<std::pair<double, int>> entered;  // the newest edge, index
  std::vector<std::string> never;
  for (int i = 0; i < report.functions_size(); ++i) {
    const ReportedFunction& function = report.functions(i);
    if (function.covered() > 0) {
      entered.emplace_back(-function.last_timeline(), i);
    } else {
      never.push_back(function.name());
    }
  }
  std::sort(entered.begin(), entered.end());
  lines.push_back(absl::StrCat(
      "code: ", WithCommas(static_cast<uint64_t>(report.edges_covered())),
      " of ", WithCommas(static_cast<uint64_t>(report.edges())), " edges, ",
      WithCommas(entered.size()), " of ",
      Count(static_cast<uint64_t>(report.functions_size()), "function")));
  std::vector<std::string> last;
  for (size_t i = 0; i < std::min(kMax, entered.size()); ++i) {
    const auto [timeline, index] = entered[i];
    last.push_back(
        absl::StrCat(OneLine(report.functions(index).name()), " (timeline ",
                     WithCommas(static_cast<uint64_t>(-timeline)), ")"));
  }
  if (!last.empty()) {
    lines.push_back(absl::StrCat("newest edges: ", absl::StrJoin(last, ", ")));
  }
  if (never.empty()) return lines;
  const size_t more = never.size() - std::min(kMax, never.size());
  never.resize(never.size() - more);
  lines.push_back(absl::StrCat(
      "never entered: ", OneLine(absl::StrJoin(never, ", ")),
      more == 0 ? ""
                : absl::StrCat(" and ", more, " more; --json=FILE has them")));
  return lines;
}

std::string ShellQuote(absl::string_view word) {
  const bool plain =
      !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
        return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
               absl::string_view("_-./=:@,+").find(c) !=
                   absl::string_view::npos;
      });
  if (plain) return std::string(word);
  std::string quoted = "'";
  for (const char c : word) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

std::string DiscoveryPace::Update(absl::Duration wall, uint64_t timelines,
                                  uint64_t discoveries) {
  if (discoveries > samples_.back().discoveries) newest_ = wall;
  samples_.push_back({.timelines = timelines, .discoveries = discoveries});
  if (samples_.size() > kMaxSamples) samples_.pop_front();
  if (discoveries == 0) return "none yet";
  const Sample& then = samples_.front();
  if (timelines <= then.timelines) {
    return absl::StrCat("newest ", Clock(wall - newest_), " ago");
  }
  const double rate = 1000 *
                      static_cast<double>(discoveries - then.discoveries) /
                      static_cast<double>(timelines - then.timelines);
  return absl::StrCat("newest ", Clock(wall - newest_), " ago, ",
                      absl::StrFormat("%.1f", rate), " per 1,000 timelines");
}

Console::Console()
    : terminal_(isatty(STDOUT_FILENO) == 1),
      colour_(terminal_ && getenv("NO_COLOR") == nullptr) {}

void Console::Print(absl::string_view line) {
  Write(absl::StrCat(status_shown_ ? "\r\x1b[K" : "", line, "\n"));
  status_shown_ = false;
}

void Console::Status(absl::string_view line, absl::Duration elapsed) {
  if (terminal_) {
    Write(absl::StrCat("\r", line, "\x1b[K"));
    status_shown_ = true;
  } else if (elapsed - last_status_ >= absl::Seconds(5)) {
    Write(absl::StrCat(line, "\n"));
    last_status_ = elapsed;
  }
}

void Console::EndStatus() {
  if (status_shown_) Write("\n");
  status_shown_ = false;
}

void Console::PrintBug(size_t number, const ReportedBug& bug,
                       absl::string_view after, absl::string_view reproduce) {
  std::string kind;
  if (!absl::StartsWith(bug.kind(), "ASSERT")) {
    kind = absl::StrCat(OneLine(bug.kind()), ": ");
  }
  std::string details;
  if (!bug.details().empty()) {
    details = absl::StrCat("   ", OneLine(bug.details()));
  }
  Print(absl::StrCat(Bad(absl::StrCat("BUG ", number)), "  ", kind,
                     OneLine(bug.message()), details));
  Print(absl::StrCat("       ", after));
  Print(absl::StrCat("       reproduce:  ", reproduce));
}

void Console::PrintMisses(const ExplorationReport& report) {
  constexpr int kMax = 20;
  const int shown = std::min(kMax, report.misses_size());
  for (int i = 0; i < shown; ++i) {
    Print(absl::StrCat("never happened: ", OneLine(report.misses(i))));
  }
  if (shown < report.misses_size()) {
    Print(absl::StrCat("never happened: ", report.misses_size() - shown,
                       " more; --json=FILE has them all"));
  }
}

std::string Console::Paint(absl::string_view text,
                           absl::string_view code) const {
  if (!colour_) return std::string(text);
  return absl::StrCat("\x1b[", code, "m", text, "\x1b[0m");
}

}  // namespace moonpool
