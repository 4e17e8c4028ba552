// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Threads, and the order of directories.
#include <dirent.h>
#include <dlfcn.h>
#include <pthread.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <string>
#include <vector>

#include "providers/base/hash.h"
#include "sim/core/arena.h"
#include "sim/guard/answer.h"
#include "sim/guard/guard.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MOONPOOL_REAL(name) __interceptor_##name
#endif
#endif
#ifndef MOONPOOL_REAL
#define MOONPOOL_REAL(name) __##name
#endif

// Weak: libc.a has __pthread_create and __readdir, and the linker is told to
// take them (BUILD.bazel, an option of lld); libc.so has no such names but
// knows who is next.
extern "C" {
__attribute__((weak)) int MOONPOOL_REAL(pthread_create)(pthread_t*,
                                                        const pthread_attr_t*,
                                                        void* (*)(void*),
                                                        void*) noexcept;
__attribute__((weak)) dirent* MOONPOOL_REAL(readdir)(DIR*);
}

namespace moonpool {
namespace {

constinit unsigned long directory_salt = 0;

template <typename Function>
Function* RealOf(Function* linked, const char* name) {
  if (linked != nullptr) return linked;
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

dirent* RealReaddir(DIR* directory) {
  static auto* const real = RealOf(&MOONPOOL_REAL(readdir), "readdir");
  return real(directory);
}

// A directory that is being read in the order of a salt.
struct Listing {
  std::vector<dirent> entries;
  size_t next = 0;
};

std::map<DIR*, Listing>& Listings() {
  static auto* const listings = new std::map<DIR*, Listing>();
  return *listings;
}

dirent* ReadSalted(DIR* directory) {
  Arena::OutsideScope outside;
  auto [at, is_new] = Listings().try_emplace(directory);
  Listing& listing = at->second;
  if (is_new) {
    while (const dirent* entry = RealReaddir(directory)) {
      dirent copy = {};
      copy.d_ino = entry->d_ino;
      copy.d_off = entry->d_off;
      copy.d_reclen = entry->d_reclen;
      copy.d_type = entry->d_type;
      std::copy(std::begin(entry->d_name), std::end(entry->d_name),
                copy.d_name);
      listing.entries.push_back(copy);
    }
    const auto key = [](const dirent& entry) {
      return Combine64(HashBytes(entry.d_name), directory_salt);
    };
    std::sort(
        listing.entries.begin(), listing.entries.end(),
        [key](const dirent& a, const dirent& b) { return key(a) < key(b); });
  }
  if (listing.next < listing.entries.size()) {
    return &listing.entries[listing.next++];
  }
  // At its end nobody needs it any more; its DIR may be used again.
  Listings().erase(at);
  return nullptr;
}

}  // namespace

void SetDirectoryOrderSalt(unsigned long salt) { directory_salt = salt; }

}  // namespace moonpool

extern "C" {

dirent* readdir(DIR* directory) {
  if (moonpool::directory_salt != 0 && moonpool::guard::Guarded() != nullptr) {
    return moonpool::ReadSalted(directory);
  }
  return moonpool::RealReaddir(directory);
}

dirent64* readdir64(DIR* directory) {
  static_assert(sizeof(dirent) == sizeof(dirent64));
  return reinterpret_cast<dirent64*>(readdir(directory));
}

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                   void* (*start)(void*), void* argument) noexcept {
  if (moonpool::guard::GuardedRefusal(
          "pthread_create",
          "a simulation has one thread: spawn a task instead") != nullptr) {
    return EAGAIN;
  }
  static auto* const real =
      moonpool::RealOf(&MOONPOOL_REAL(pthread_create), "pthread_create");
  return real(thread, attributes, start, argument);
}

}  // extern "C"
