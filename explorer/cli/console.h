// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// What people see: numbers, the status line, the bug block.
#ifndef MOONPOOL_EXPLORER_CLI_CONSOLE_H_
#define MOONPOOL_EXPLORER_CLI_CONSOLE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "explorer/report/report.pb.h"

namespace moonpool {

std::string WithCommas(uint64_t number);                     // 12,408
std::string Count(uint64_t number, absl::string_view noun);  // "2 bugs"
std::string Clock(absl::Duration elapsed);                   // 00:07, 1:02:03
std::string Seconds(double seconds);                         // 4.213 s
// One line: control characters, also those of details, become \xNN.
std::string OneLine(absl::string_view text);
// As a word of a POSIX shell.
std::string ShellQuote(absl::string_view word);

// How discoveries come: "newest 00:12 ago, 3.1 per 1,000 timelines". The rate
// is that of the last updates.
class DiscoveryPace {
 public:
  std::string Update(absl::Duration wall, uint64_t timelines,
                     uint64_t discoveries);

 private:
  struct Sample {
    uint64_t timelines = 0;
    uint64_t discoveries = 0;
  };
  static constexpr size_t kMaxSamples = 10;

  std::deque<Sample> samples_ = {{}};
  absl::Duration newest_;
};

// What an exploration covered of instrumented code; nothing if there is none.
std::vector<std::string> CoverageLines(const ExplorationReport& report);

// Standard output. On a terminal it keeps a status line at the bottom; else
// the status is a plain line now and then. Colours only on a terminal, and not
// where NO_COLOR is set.
class Console {
 public:
  Console();
  Console(const Console&) = delete;
  ~Console() { EndStatus(); }

  void Print(absl::string_view line);
  void Status(absl::string_view line, absl::Duration elapsed);
  // Leaves the last status on the screen.
  void EndStatus();

  // The block that announces a bug: after is how it was come by, reproduce the
  // command.
  void PrintBug(size_t number, const ReportedBug& bug, absl::string_view after,
                absl::string_view reproduce);
  void PrintMisses(const ExplorationReport& report);

  std::string Good(absl::string_view text) const { return Paint(text, "32"); }
  std::string Bad(absl::string_view text) const { return Paint(text, "31;1"); }

 private:
  std::string Paint(absl::string_view text, absl::string_view code) const;

  bool terminal_;
  bool colour_;
  bool status_shown_ = false;
  absl::Duration last_status_ = -absl::InfiniteDuration();
};

}  // namespace moonpool

#endif  // MOONPOOL_EXPLORER_CLI_CONSOLE_H_
