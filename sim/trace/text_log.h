// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Events as text, one line each:
//
//   4.118 s  10.0.1.2  cut off from 10.0.1.3
//   4.120 s  10.0.1.2  leader elected  term=7 by="a majority"
//   4.120 s  10.0.1.2  append begins  span=3 index=12
//
// A line never contains a control character, whatever the events contain.
#ifndef MOONPOOL_SIM_TRACE_TEXT_LOG_H_
#define MOONPOOL_SIM_TRACE_TEXT_LOG_H_

#include <cstdint>
#include <string>

#include "sim/trace/event.h"
#include "sim/trace/event_ring.h"

namespace moonpool {

struct TextFormat {
  int decimals = 9;    // of the seconds: 3, 6 or 9; the rest is cut off
  int who_width = 15;  // an IPv4 address
};

// Without a line end.
std::string FormatEvent(const TraceEvent& event, const TextFormat& format = {});

// All events of a ring, each on a line, with as many decimals as they need and
// columns as wide. Says how many earlier events the ring has dropped.
std::string FormatLog(const EventRing& ring);

// Prints events as they happen, unbuffered, so that a fork doubles nothing:
//
//   LivePrinter printer(STDERR_FILENO);
//   auto printing = sink.SubscribeAll(
//       [&](const TraceEvent& event) { printer.Print(event); });
class LivePrinter {
 public:
  explicit LivePrinter(int fd) : fd_(fd) {}
  void Print(const TraceEvent& event);

 private:
  const int fd_;
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_TRACE_TEXT_LOG_H_
