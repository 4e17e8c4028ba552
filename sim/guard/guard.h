// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The guard: what code inside a simulation gets when it asks the operating
// system for time, entropy, a nap or a thread. Linked with the runner, it
// replaces libc's functions in the whole program; outside a simulation, and in
// engine code (Arena::OutsideScope), they are what they always were.
//
//   clock_gettime, gettimeofday, time, clock, timespec_get, getrandom,
//   getentropy, std::random_device, rand, random, drand48, ...: the answer
//   comes from the world (virtual time, the stream "guard").
//   sleep, usleep, nanosleep, clock_nanosleep, pthread_create: a violation of
//   kind "determinism" that names the caller; nothing sleeps and no thread
//   starts.
//
// What it cannot see: raw system calls, rdtsc and rdrand, vDSO calls of one's
// own, and what is read from files. The explorer's doctor finds those.
#ifndef MOONPOOL_SIM_GUARD_GUARD_H_
#define MOONPOOL_SIM_GUARD_GUARD_H_

#include <cstddef>

namespace moonpool {

enum class GuardMode {
  kOff,      // the real functions
  kVirtual,  // the default
  kForbid,   // as kVirtual, and every call is a violation too
};

// For the whole process; a fork inherits it.
void SetGuardMode(GuardMode mode);
GuardMode guard_mode();

// A doctor may have directories read in an order that depends on the salt, as
// it does on another file system. 0: as the kernel gives it.
void SetDirectoryOrderSalt(unsigned long salt);

}  // namespace moonpool

#endif  // MOONPOOL_SIM_GUARD_GUARD_H_
