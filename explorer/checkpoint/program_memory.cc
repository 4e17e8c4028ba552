// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/checkpoint/program_memory.h"

#include <link.h>
#include <sys/mman.h>
#include <sys/rseq.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>

#include "explorer/checkpoint/mappings.h"
#include "explorer/checkpoint/pages.h"
#include "sim/core/arena.h"

namespace moonpool::explorer {
namespace {

constexpr uintptr_t kHuge = uintptr_t{2} << 20;
// From the kernel's ABI; this distribution's headers are older than it.
constexpr int kCollapse = 25;  // MADV_COLLAPSE, Linux 6.1

uintptr_t RoundDown(uintptr_t at) { return at / kHuge * kHuge; }
uintptr_t RoundUp(uintptr_t at) { return RoundDown(at + kHuge - 1); }

// The segment with the code, and where the next one begins.
struct Layout {
  uintptr_t begin = 0;
  uintptr_t end = 0;
  uintptr_t next = UINTPTR_MAX;
};

int FindText(dl_phdr_info* info, size_t, void* argument) {
  auto& layout = *static_cast<Layout*>(argument);
  // The program itself comes first; the kernel's own page is no library.
  const bool is_program = layout.end == 0;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = info->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD) continue;
    const uintptr_t begin = info->dlpi_addr + segment.p_vaddr;
    if (is_program && (segment.p_flags & PF_X) != 0) {
      layout.begin = begin;
      layout.end = begin + segment.p_memsz;
    } else if (begin > layout.begin && begin < layout.next) {
      layout.next = begin;
    }
  }
  return 0;
}

// Where the last segment with data that stays writable begins.
int FindData(dl_phdr_info* info, size_t, void* argument) {
  auto& begin = *static_cast<uintptr_t*>(argument);
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = info->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) == 0) continue;
    begin = info->dlpi_addr + segment.p_vaddr;
  }
  return 1;  // of the program itself, which comes first
}

// Whether all of [begin, end) is mapped, private and writable.
bool IsOwnMemory(uintptr_t begin, uintptr_t end,
                 const MappingList& mappings) {
  for (const MemoryMapping& mapping : mappings) {
    if (mapping.end <= begin || !mapping.is_private) continue;
    if (mapping.begin > begin || !mapping.is_writable) return false;
    begin = mapping.end;
    if (begin >= end) return true;
  }
  return false;
}

// Pages of zeros are left out: they stay untouched.
void CopyPages(char* to, const char* from, size_t size) {
  for (size_t at = 0; at < size; at += kPage) {
    if (IsZeroPage(from + at)) continue;
    memcpy(to + at, from + at, kPage);
  }
}

// Anonymous memory, aligned to huge pages; nullptr if there is none.
char* MapAligned(size_t size) {
  void* const mapped = mmap(nullptr, size + kHuge, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  const auto at = reinterpret_cast<uintptr_t>(mapped);
  const uintptr_t begin = RoundUp(at);
  if (begin > at) munmap(mapped, begin - at);
  if (begin < at + kHuge) {
    munmap(reinterpret_cast<void*>(begin + size), at + kHuge - begin);
  }
  return reinterpret_cast<char*>(begin);
}

}  // namespace

bool MoveTextToHugePages() {
  if (!Arena::IsEnabled()) return false;
  Layout layout;
  dl_iterate_phdr(FindText, &layout);
  const uintptr_t begin = RoundDown(layout.begin);
  const size_t size = RoundUp(layout.end) - begin;
  // The last page's rest is written over.
  if (layout.begin != begin || layout.next < begin + size) return false;
  char* const copy = MapAligned(size);
  if (copy == nullptr) return false;
  // Small pages would be worse than the file: each would be inherited singly.
  madvise(copy, size, MADV_HUGEPAGE);
  memcpy(copy, reinterpret_cast<const void*>(begin), layout.end - begin);
  if (madvise(copy, size, kCollapse) == 0 &&
      mprotect(copy, size, PROT_READ | PROT_EXEC) == 0 &&
      mremap(copy, size, size, MREMAP_MAYMOVE | MREMAP_FIXED,
             reinterpret_cast<void*>(begin)) != MAP_FAILED) {
    return true;
  }
  munmap(copy, size);
  return false;
}

bool JoinDataAndHeap() {
  if (!Arena::IsEnabled()) return false;
  uintptr_t begin = 0;
  dl_iterate_phdr(FindData, &begin);
  begin = begin / kPage * kPage;
  const auto end = reinterpret_cast<uintptr_t>(sbrk(0));
  if (begin == 0 || end % kPage != 0 || end <= begin) return false;
  const size_t size = end - begin;
  // Not on the stack, whose pages would stay in use. In the copy's own pages.
  const size_t list_size = (sizeof(MappingList) + kPage - 1) / kPage * kPage;
  void* const mapped = mmap(nullptr, size + list_size, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return false;
  char* const copy = static_cast<char*>(mapped);
  auto* const mappings = new (copy + size) MappingList;
  const bool is_own =
      ReadMappings(0, 0, *mappings) && IsOwnMemory(begin, end, *mappings);
  munmap(copy + size, list_size);
  if (is_own) {
    // Nothing is written to data or heap from here until they are replaced.
    CopyPages(copy, reinterpret_cast<const char*>(begin), size);
    if (mremap(copy, size, size, MREMAP_MAYMOVE | MREMAP_FIXED,
               reinterpret_cast<void*>(begin)) != MAP_FAILED) {
      return true;
    }
  }
  munmap(copy, size);
  return false;
}

bool LeaveRestartableSequences() {
  if (!Arena::IsEnabled() || __rseq_size == 0) return false;
  char* const note =
      static_cast<char*>(__builtin_thread_pointer()) + __rseq_offset;
  return syscall(SYS_rseq, note, sizeof(struct rseq), RSEQ_FLAG_UNREGISTER,
                 RSEQ_SIG) == 0;
}

}  // namespace moonpool::explorer
