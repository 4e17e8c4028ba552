// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Goal: after its memory has been rearranged a program is the same program, and
// its forks find it in place. Method: a child rearranges it, compares it with
// what it was, and uses it; its own child counts page faults.
#include "explorer/checkpoint/program_memory.h"

#include <sched.h>
#include <sys/resource.h>
#include <sys/rseq.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <string>

#include "explorer/checkpoint/mappings.h"
#include "gtest/gtest.h"
#include "providers/base/hash.h"
#include "sim/core/host.h"

extern "C" char __executable_start;  // of the linker
extern "C" char etext;

namespace moonpool::explorer {
namespace {

constexpr int kImpossibleHere = 77;
constexpr uintptr_t kPage = 4096;

uint64_t initialised = 77;
uint64_t zero = 0;
thread_local uint64_t own = 5;
char* volatile kept = nullptr;  // so that no allocation is optimised away

// The exit code of a child that does this; gtest's own state stays as it is.
int InChild(const std::function<int()>& body) {
  fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status)) << "signal " << WTERMSIG(status);
  return WEXITSTATUS(status);
}

uint64_t HashOfText() {
  return HashBytes({&__executable_start,
                    static_cast<size_t>(&etext - &__executable_start)});
}

const MemoryMapping* MappingOf(const void* where, const MappingList& mappings) {
  const auto at = reinterpret_cast<uintptr_t>(where);
  for (const MemoryMapping& mapping : mappings) {
    if (mapping.begin <= at && at < mapping.end) return &mapping;
  }
  return nullptr;
}

long Faults() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_minflt;
}

#define CHECK_OR_RETURN(condition) \
  do {                             \
    if (!(condition)) {            \
      fprintf(stderr, "%s\n", #condition); \
      return 1;                    \
    }                              \
  } while (false)

// Exceptions are looked up in tables that have moved with the code.
bool CatchesAnException() {
  try {
    throw std::runtime_error(std::to_string(zero));
  } catch (const std::runtime_error& error) {
    return std::string(error.what()) == std::to_string(zero);
  }
}

int MoveText() {
  const uint64_t before = HashOfText();
  if (!MoveTextToHugePages()) return kImpossibleHere;
  CHECK_OR_RETURN(HashOfText() == before);
  CHECK_OR_RETURN(CatchesAnException());
  static MappingList mappings;
  CHECK_OR_RETURN(ReadMappings(0, 0, mappings));
  const auto* text =
      MappingOf(reinterpret_cast<const void*>(&CatchesAnException), mappings);
  CHECK_OR_RETURN(text != nullptr && text->inode == 0);
  CHECK_OR_RETURN(text->is_executable && !text->is_writable);
  // A fork has all of it without a fault.
  return InChild([] {
    const long faults = Faults();
    uint64_t sum = 0;
    for (const char* at = &__executable_start; at < &etext; at += kPage) {
      sum += *static_cast<const volatile char*>(at);
    }
    CHECK_OR_RETURN(sum != 0 && CatchesAnException());
    // Of file mappings, one for each 16 pages.
    CHECK_OR_RETURN(Faults() - faults <= 16);
    return 0;
  });
}

TEST(ProgramMemory, TextInHugePagesIsTheSame) {
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
  GTEST_SKIP() << "hashes what lies between the variables, too";
#endif
#endif
  const int code = InChild(MoveText);
  if (code == kImpossibleHere) GTEST_SKIP() << "no huge pages here";
  EXPECT_EQ(code, 0);
}

// How many mappings the kernel has between two addresses.
int CountMappings(const void* from, const void* to) {
  std::ifstream maps("/proc/self/maps");
  int count = 0;
  for (std::string line; std::getline(maps, line);) {
    const uintptr_t begin = std::stoull(line, nullptr, 16);
    const uintptr_t end =
        std::stoull(line.substr(line.find('-') + 1), nullptr, 16);
    if (end > reinterpret_cast<uintptr_t>(from) &&
        begin < reinterpret_cast<uintptr_t>(to)) {
      ++count;
    }
  }
  return count;
}

int Join() {
  initialised = 78;
  zero = 1;
  own = 6;
  auto* const block = new std::string(5000, 'x');
  if (!JoinDataAndHeap()) return kImpossibleHere;
  const void* const heap_end = sbrk(0);
  CHECK_OR_RETURN(CountMappings(&initialised, heap_end) == 1);
  CHECK_OR_RETURN(initialised == 78 && zero == 1 && own == 6);
  CHECK_OR_RETURN(*block == std::string(5000, 'x'));
  CHECK_OR_RETURN(CatchesAnException());
  // The heap still grows, shrinks and serves a fork.
  delete block;
  for (int i = 0; i < 100; ++i) {
    kept = static_cast<char*>(malloc(100000));
    CHECK_OR_RETURN(kept != nullptr);
    kept[99999] = 1;
    if (i % 2 == 0) free(kept);
  }
  CHECK_OR_RETURN(sbrk(0) > heap_end);
  return InChild([] {
    zero = 2;
    return initialised == 78 && own == 6 && std::string(9, 'y')[8] == 'y' ? 0
                                                                          : 2;
  });
}

TEST(ProgramMemory, JoinedDataAndHeapAreTheSame) {
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
  GTEST_SKIP() << "not under sanitizers";
#endif
#endif
  EXPECT_EQ(InChild(Join), 0);
}

TEST(ProgramMemoryTest, TheKernelLeavesTheNoteOfTheCoreAlone) {
  const int code = InChild([] {
    if (!LeaveRestartableSequences()) return kImpossibleHere;
    const auto* note = reinterpret_cast<const volatile struct rseq*>(
        static_cast<char*>(__builtin_thread_pointer()) + __rseq_offset);
    sched_yield();
    CHECK_OR_RETURN(static_cast<int>(note->cpu_id) < 0);
    CHECK_OR_RETURN(sched_getcpu() >= 0);
    CHECK_OR_RETURN(!LeaveRestartableSequences());
    return 0;
  });
  if (code == kImpossibleHere) GTEST_SKIP() << "not offered here";
  EXPECT_EQ(code, 0);
}

}  // namespace
}  // namespace moonpool::explorer

int main(int argc, char** argv) {
  // Without random gaps, as every program that explores.
  moonpool::FixAddresses(argv);
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
