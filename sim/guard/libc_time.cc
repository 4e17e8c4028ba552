// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The clocks and the naps of libc.
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "sim/guard/answer.h"

namespace {

using moonpool::World;
using moonpool::guard::GuardedAnswer;
using moonpool::guard::GuardedRefusal;
using moonpool::guard::kStartSeconds;

constexpr char kNapAdvice[] =
    "a simulation cannot wait for real time: co_await ctx.time().Sleep(...)";
constexpr int64_t kNanos = 1000000000;

timespec Virtual(const World& world, bool calendar) {
  return {.tv_sec = world.now_ns() / kNanos + (calendar ? kStartSeconds : 0),
          .tv_nsec = world.now_ns() % kNanos};
}

bool IsCalendar(clockid_t clock) {
  return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE ||
         clock == CLOCK_REALTIME_ALARM || clock == CLOCK_TAI;
}

timespec RealCalendar() {
  timespec now = {};
  syscall(SYS_clock_gettime, CLOCK_REALTIME, &now);
  return now;
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* result) noexcept {
  if (const World* world = GuardedAnswer("clock_gettime")) {
    *result = Virtual(*world, IsCalendar(clock));
    return 0;
  }
  return static_cast<int>(syscall(SYS_clock_gettime, clock, result));
}

int gettimeofday(timeval* result, void* zone) noexcept {
  const World* world = GuardedAnswer("gettimeofday");
  if (world == nullptr) {
    return static_cast<int>(syscall(SYS_gettimeofday, result, zone));
  }
  const timespec now = Virtual(*world, true);
  *result = {.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
  if (zone != nullptr) *static_cast<struct timezone*>(zone) = {};
  return 0;
}

time_t time(time_t* result) noexcept {
  const World* world = GuardedAnswer("time");
  const time_t now =
      (world != nullptr ? Virtual(*world, true) : RealCalendar()).tv_sec;
  if (result != nullptr) *result = now;
  return now;
}

clock_t clock() noexcept {
  timespec now = {};
  if (const World* world = GuardedAnswer("clock")) {
    now = Virtual(*world, false);
  } else {
    syscall(SYS_clock_gettime, CLOCK_PROCESS_CPUTIME_ID, &now);
  }
  return now.tv_sec * CLOCKS_PER_SEC + now.tv_nsec / 1000;
}

int timespec_get(timespec* result, int base) noexcept {
  if (base != TIME_UTC) return 0;
  const World* world = GuardedAnswer("timespec_get");
  *result = world != nullptr ? Virtual(*world, true) : RealCalendar();
  return base;
}

int clock_nanosleep(clockid_t clock, int flags, const timespec* request,
                    timespec* remaining) {
  if (GuardedRefusal("clock_nanosleep", kNapAdvice) != nullptr) return 0;
  const int saved = errno;
  const bool failed =
      syscall(SYS_clock_nanosleep, clock, flags, request, remaining) != 0;
  const int error = failed ? errno : 0;
  errno = saved;
  return error;
}

int nanosleep(const timespec* request, timespec* remaining) {
  if (GuardedRefusal("nanosleep", kNapAdvice) != nullptr) return 0;
  return static_cast<int>(syscall(SYS_nanosleep, request, remaining));
}

unsigned int sleep(unsigned int seconds) {
  if (GuardedRefusal("sleep", kNapAdvice) != nullptr) return 0;
  const timespec request = {.tv_sec = seconds, .tv_nsec = 0};
  timespec remaining = {};
  if (syscall(SYS_nanosleep, &request, &remaining) == 0) return 0;
  return static_cast<unsigned int>(remaining.tv_sec) +
         (remaining.tv_nsec >= kNanos / 2 ? 1 : 0);
}

int usleep(useconds_t microseconds) {
  if (GuardedRefusal("usleep", kNapAdvice) != nullptr) return 0;
  const timespec request = {.tv_sec = microseconds / 1000000,
                            .tv_nsec = microseconds % 1000000 * 1000};
  return static_cast<int>(syscall(SYS_nanosleep, &request, nullptr));
}

}  // extern "C"
