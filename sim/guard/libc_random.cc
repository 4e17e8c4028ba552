// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The randomness of libc and of std::random_device, which would execute rdrand.
#include <stdlib.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <random>

#include "providers/base/check.h"
#include "sim/guard/answer.h"

namespace {

using moonpool::World;
using moonpool::guard::Entropy;
using moonpool::guard::FillEntropy;
using moonpool::guard::GuardedAnswer;

void RealEntropy(void* buffer, size_t size) {
  char* at = static_cast<char*>(buffer);
  while (size > 0) {
    const ssize_t got = syscall(SYS_getrandom, at, size, 0);
    if (got < 0 && errno == EINTR) continue;
    CHECK(got > 0) << "getrandom fails";
    at += got;
    size -= static_cast<size_t>(got);
  }
}

void FillFor(const char* function, void* buffer, size_t size) {
  if (World* world = GuardedAnswer(function)) {
    FillEntropy(*world, buffer, size);
  } else {
    RealEntropy(buffer, size);
  }
}

// The classic generators, outside a simulation: the additive-feedback one of
// random(3) and the 48-bit one, from libc's reentrant versions.
struct Feedback {
  Feedback() { initstate_r(1, state, sizeof(state), &data); }
  char state[128] = {};
  random_data data = {};
};
Feedback& feedback() {
  static Feedback generator;
  return generator;
}

long RealRandom() {
  int32_t value = 0;
  random_r(&feedback().data, &value);
  return value;
}

constinit drand48_data classic = {};

}  // namespace

extern "C" {

ssize_t getrandom(void* buffer, size_t size, unsigned int flags) {
  if (World* world = GuardedAnswer("getrandom")) {
    FillEntropy(*world, buffer, size);
    return static_cast<ssize_t>(size);
  }
  return syscall(SYS_getrandom, buffer, size, flags);
}

int getentropy(void* buffer, size_t size) {
  if (size > 256) {
    errno = EIO;
    return -1;
  }
  FillFor("getentropy", buffer, size);
  return 0;
}

uint32_t arc4random() noexcept {
  uint32_t value = 0;
  FillFor("arc4random", &value, sizeof(value));
  return value;
}

void arc4random_buf(void* buffer, size_t size) noexcept {
  FillFor("arc4random_buf", buffer, size);
}

long random() noexcept {
  if (World* world = GuardedAnswer("random")) {
    return static_cast<long>(Entropy(*world) >> 33);
  }
  return RealRandom();
}

void srandom(unsigned int seed) noexcept {
  // In a simulation every sequence comes from the world, whatever the seed.
  if (GuardedAnswer("srandom") != nullptr) return;
  srandom_r(seed, &feedback().data);
}

int rand() noexcept {
  if (World* world = GuardedAnswer("rand")) {
    return static_cast<int>(Entropy(*world) >> 33);
  }
  return static_cast<int>(RealRandom());
}

void srand(unsigned int seed) noexcept {
  if (GuardedAnswer("srand") != nullptr) return;
  srandom_r(seed, &feedback().data);
}

double drand48() noexcept {
  if (World* world = GuardedAnswer("drand48")) {
    return static_cast<double>(Entropy(*world) >> 16) / 0x1p48;
  }
  double value = 0;
  drand48_r(&classic, &value);
  return value;
}

long lrand48() noexcept {
  if (World* world = GuardedAnswer("lrand48")) {
    return static_cast<long>(Entropy(*world) >> 33);
  }
  long value = 0;
  lrand48_r(&classic, &value);
  return value;
}

long mrand48() noexcept {
  if (World* world = GuardedAnswer("mrand48")) {
    return static_cast<int32_t>(Entropy(*world) >> 32);
  }
  long value = 0;
  mrand48_r(&classic, &value);
  return value;
}

void srand48(long seed) noexcept {
  if (GuardedAnswer("srand48") != nullptr) return;
  srand48_r(seed, &classic);
}

}  // extern "C"

// All that libstdc++ defines of it in one object, so that ours is the only one.
namespace std {

void random_device::_M_init(const std::string&) {}
void random_device::_M_init(const char*, size_t) {}
void random_device::_M_init_pretr1(const std::string&) {}
void random_device::_M_fini() {}
random_device::result_type random_device::_M_getval() {
  result_type value = 0;
  FillFor("std::random_device", &value, sizeof(value));
  return value;
}
random_device::result_type random_device::_M_getval_pretr1() {
  return _M_getval();
}
double random_device::_M_getentropy() const noexcept { return 32; }

}  // namespace std
