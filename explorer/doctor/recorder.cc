// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/doctor/recorder.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "providers/base/check.h"
#include "sim/core/arena.h"
#include "sim/core/world.h"
#include "sim/guard/stack.h"

// The linker's: the program's beginning and end.
extern "C" const char __executable_start;
extern "C" const char _end;

namespace moonpool {
namespace {

// The program is at another place in each process where it is relocatable;
// shared libraries are at places that depend on each other.
uint64_t Relative(const void* address) {
  const char* at = static_cast<const char*>(address);
  return at > &__executable_start && at < &_end
             ? static_cast<uint64_t>(at - &__executable_start)
             : 0;
}

Recorder::Shared* MapShared() {
  void* at = mmap(nullptr, sizeof(Recorder::Shared), PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  CHECK(at != MAP_FAILED) << "no memory to record a run";
  return static_cast<Recorder::Shared*>(at);
}

}  // namespace

Recorder::Recorder(uint64_t first_event)
    : first_event_(first_event), shared_(MapShared()) {}

void Recorder::OnWord(const Word& word) {
  World* world = World::Current();
  if (world == nullptr) return;  // it is being made
  Arena::OutsideScope outside;
  if (word.kind == Kind::kEvent && shared_->event_count < kMaxEvents) {
    fflush(stdout);
    const off_t output = lseek(STDOUT_FILENO, 0, SEEK_CUR);
    shared_->events[shared_->event_count++] = {
        .event = world->events(),
        .time_ns = world->now_ns(),
        .hash = word.hash,
        .output = output < 0 ? 0 : static_cast<uint64_t>(output)};
  }
  if (world->events() < first_event_ || shared_->word_count == kMaxWords) {
    return;
  }
  RecordedWord& record = shared_->words[shared_->word_count++];
  record.kind = word.kind;
  std::copy(std::begin(word.words), std::end(word.words), record.words);
  record.hash = word.hash;
  record.event = world->events();
  record.draw = world->random().draws();
  record.time_ns = world->now_ns();
  record.type = Relative(word.type);
  void* addresses[RecordedWord::kMaxFrames];
  record.frames = CaptureStack(addresses, RecordedWord::kMaxFrames);
  for (int i = 0; i < record.frames; ++i) {
    record.stack[i] = static_cast<uint32_t>(Relative(addresses[i]));
  }
}

const char* AddressOf(uint64_t relative) {
  return &__executable_start + relative;
}

}  // namespace moonpool
