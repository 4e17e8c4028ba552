// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/testing/crash_note.h"

#include <signal.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <utility>

#include "absl/strings/string_view.h"
#include "providers/base/check.h"
#include "sim/core/world.h"

namespace moonpool::testing_internal {
namespace {

constexpr int kSignals[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTERM};
constexpr size_t kSignalCount = std::size(kSignals);

struct Note {
  std::string before;
  std::string after;
  struct sigaction previous[kSignalCount];
};
Note* note = nullptr;

// Only what a signal handler may: write() and plain memory.
void Write(absl::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(STDOUT_FILENO, text.data(), text.size());
    if (written <= 0) return;
    text.remove_prefix(static_cast<size_t>(written));
  }
}

void WriteNumber(uint64_t number) {
  char digits[20];
  char* at = std::end(digits);
  do {
    *--at = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number != 0);
  Write({at, static_cast<size_t>(std::end(digits) - at)});
}

void RestoreHandlers() {
  for (size_t i = 0; i < kSignalCount; ++i) {
    sigaction(kSignals[i], &note->previous[i], nullptr);
  }
}

void OnSignal(int signal) {
  RestoreHandlers();
  if (World* const world = World::Current(); world != nullptr) {
    Write("[simulation] ");
    Write(note->before);
    WriteNumber(world->random().root_seed());
    Write(note->after);
    Write("\n");
  }
  // Delivered to the previous handler as soon as this one returns.
  raise(signal);
}

}  // namespace

CrashNote::CrashNote(std::string before, std::string after) {
  CHECK(note == nullptr) << "one crash note at a time";
  note = new Note{std::move(before), std::move(after), {}};
  struct sigaction action = {};
  action.sa_handler = OnSignal;
  // Where GoogleTest or a sanitizer has set up a stack for it, a stack
  // overflow is noted too.
  action.sa_flags = SA_ONSTACK;
  for (size_t i = 0; i < kSignalCount; ++i) {
    sigaction(kSignals[i], &action, &note->previous[i]);
  }
}

CrashNote::~CrashNote() {
  RestoreHandlers();
  delete std::exchange(note, nullptr);
}

}  // namespace moonpool::testing_internal
