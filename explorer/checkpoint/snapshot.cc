// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/checkpoint/snapshot.h"

#include <fcntl.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstring>
#include <new>

#include "explorer/checkpoint/pages.h"
#include "providers/base/hash.h"
#include "sim/core/arena.h"

namespace moonpool::explorer {
namespace {

// Descriptors of our own are out of the world's way: its files get the numbers
// that they would have got in a fork.
constexpr int kLowestDescriptor = 200;
// So many restores later a page that was written to is unwritten again: most
// are written to in each round, and to be told of one costs a fault, as much as
// to compare ten.
constexpr uint64_t kForgetEvery = 32;
// Zeroing more than this is the kernel's business.
constexpr size_t kMaxClear = size_t{4} << 20;

size_t RoundUp(size_t bytes) { return (bytes + kPage - 1) / kPage * kPage; }

bool IsIn(const MemoryMapping& mapping, const Arena::Range& range) {
  const auto begin = reinterpret_cast<uintptr_t>(range.begin);
  return mapping.begin >= begin && mapping.end <= begin + range.size;
}

}  // namespace

bool Snapshot::IsPossible() { return Arena::IsEnabled(); }

Snapshot* Snapshot::Take(const SnapshotOptions& options) {
  if (!IsPossible()) return nullptr;
  Snapshot* const snapshot = Make(options);
  if (snapshot == nullptr) return nullptr;
  // Returns here after each Restore. This frame is then as CopyOut found it.
  getcontext(&snapshot->captured_);
  if (!snapshot->is_captured_) {
    snapshot->is_captured_ = true;
    snapshot->CopyOut();
  }
  return snapshot;
}

// Finds what is to be copied, and maps room for it. Its frame begins where the
// part of the stack that Take needs ends.
__attribute__((noinline)) Snapshot* Snapshot::Make(const SnapshotOptions& options) {
  MappingList mappings;
  if (!ReadMappings(0, 0, mappings)) return nullptr;
  Range ranges[kMaxRanges];
  size_t count = 0;
  for (const Arena::Range& range : Arena::Touched()) {
    if (range.begin == nullptr) continue;
    ranges[count++] = {.at = range.begin, .size = range.size};
  }
  const auto frame =
      reinterpret_cast<uintptr_t>(__builtin_frame_address(0)) / kPage * kPage;
  const char* stack_begin = nullptr;
  for (const MemoryMapping& mapping : mappings) {
    if (!mapping.is_private || !mapping.is_writable) continue;
    if (!mapping.is_readable) return nullptr;
    if (IsIn(mapping, Arena::Mapping())) continue;
    // Below this frame nothing of the stack is alive.
    const bool is_live = mapping.begin <= frame && frame < mapping.end;
    const uintptr_t begin =
        mapping.is_stack && is_live ? frame : mapping.begin;
    if (is_live) stack_begin = reinterpret_cast<const char*>(begin);
    ranges[count++] = {.at = reinterpret_cast<char*>(begin),
                       .size = mapping.end - begin};
  }
  size_t bytes = 0;
  for (size_t i = 0; i < count; ++i) bytes += ranges[i].size;

  const size_t tables = bytes / kPage * sizeof(const char*);
  const size_t own = RoundUp(sizeof(Snapshot)) +
                     RoundUp(tables + bytes / kPage * sizeof(bool));
  void* const storage =
      mmap(nullptr, own + bytes, PROT_READ | PROT_WRITE,
           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (storage == MAP_FAILED) return nullptr;
  madvise(storage, own + bytes, MADV_DONTFORK);
  auto* const snapshot = new (storage) Snapshot;
  snapshot->storage_bytes_ = own + bytes;
  snapshot->bytes_ = bytes;
  snapshot->mappings_ = mappings;
  snapshot->range_count_ = count;
  snapshot->stack_begin_ = stack_begin;
  snapshot->copies_ = reinterpret_cast<const char**>(
      static_cast<char*>(storage) + RoundUp(sizeof(Snapshot)));
  snapshot->pages_ = bytes / kPage;
  snapshot->visited_ = reinterpret_cast<bool*>(
      reinterpret_cast<char*>(snapshot->copies_) + tables);
  snapshot->next_copy_ = static_cast<char*>(storage) + own;
  size_t page = 0;
  for (size_t i = 0; i < count; ++i) {
    snapshot->ranges_[i] = ranges[i];
    snapshot->ranges_[i].first_page = page;
    page += ranges[i].size / kPage;
    snapshot->layout_ =
        Combine64(snapshot->layout_, reinterpret_cast<uintptr_t>(ranges[i].at));
    snapshot->layout_ = Combine64(snapshot->layout_, ranges[i].size);
  }
  snapshot->heap_end_ = static_cast<char*>(sbrk(0));
  if (!snapshot->OpenFiles()) {
    snapshot->CloseFiles();
    munmap(storage, own + bytes);
    return nullptr;
  }
  snapshot->StartTracking(options.compare_limit);
  snapshot->mapped_pages_ = snapshot->MappedPages();
  return snapshot;
}

bool Snapshot::OpenFiles() {
  const int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  statm_ = fcntl(file, F_DUPFD_CLOEXEC, kLowestDescriptor);
  close(file);
  lowest_descriptor_ = LowestFreeDescriptor();
  return statm_ >= 0 && lowest_descriptor_ >= 0;
}

void Snapshot::CloseFiles() {
  if (statm_ >= 0) close(statm_);
  statm_ = -1;
  dirty_.Close();
}

void Snapshot::StartTracking(size_t compare_limit) {
  for (size_t i = 0; i < range_count_; ++i) {
    Range& range = ranges_[i];
    if (range.size <= compare_limit) continue;
    // Everything is compared where the kernel does not offer it.
    if (!tracks_pages_ && !dirty_.Open(kLowestDescriptor)) return;
    tracks_pages_ = true;
    range.is_tracked = dirty_.Watch(range.at, range.size);
  }
}

void Snapshot::CopyOut() {
  getcontext(&restoring_);
  restoring_.uc_stack.ss_sp = stack_;
  restoring_.uc_stack.ss_size = kStackBytes;
  restoring_.uc_link = nullptr;
  const auto self = reinterpret_cast<uintptr_t>(this);
  makecontext(&restoring_, reinterpret_cast<void (*)()>(&RestoreFrom), 2,
              static_cast<unsigned>(self >> 32), static_cast<unsigned>(self));
  size_t used = 0;
  for (size_t i = 0; i < range_count_; ++i) {
    for (size_t at = 0; at < ranges_[i].size; at += kPage) {
      const bool is_zero = IsZeroPage(ranges_[i].at + at);
      copies_[ranges_[i].first_page + at / kPage] =
          is_zero ? kZeroPage : next_copy_ + used;
      if (!is_zero) used += kPage;
    }
  }
  // At one go, which costs less than a fault for each page.
  madvise(next_copy_, used, MADV_POPULATE_WRITE);
  for (size_t i = 0; i < range_count_; ++i) {
    for (size_t at = 0; at < ranges_[i].size; at += kPage) {
      const char* copy = copies_[ranges_[i].first_page + at / kPage];
      if (copy == kZeroPage) continue;
      memcpy(const_cast<char*>(copy), ranges_[i].at + at, kPage);
    }
  }
}

void Snapshot::Restore() { Continue(nullptr); }

void Snapshot::Continue(const Image* image) {
  ++restores_;
  target_ = image;
  // On a stack of its own, as the live one is overwritten.
  setcontext(&restoring_);
  _exit(1);  // setcontext cannot fail on a context of getcontext
}

void Snapshot::RestoreFrom(unsigned high, unsigned low) {
  auto* const snapshot = reinterpret_cast<Snapshot*>(
      static_cast<uintptr_t>(high) << 32 | static_cast<uintptr_t>(low));
  snapshot->PutBack();
  setcontext(snapshot->target_ == nullptr ? &snapshot->captured_
                                          : &snapshot->image_context_);
  _exit(1);  // setcontext cannot fail on a context of getcontext
}

void Snapshot::PutBack() {
  if (target_ == nullptr) {
    ZeroWhatGrew();
  } else {
    PutBackBeyond(*target_);
  }
  // What was written to counts from the snapshot on, so that is in place when
  // it is forgotten.
  const bool forgets = tracks_pages_ && restores_ % kForgetEvery == 0;
  if (target_ == nullptr || forgets) PutBackRanges();
  if (forgets) {
    for (size_t i = 0; i < range_count_; ++i) {
      Range& range = ranges_[i];
      if (range.is_tracked) {
        range.is_tracked = dirty_.Forget(range.at, range.size);
      }
    }
  }
  if (target_ != nullptr) PutBackImage(*target_);
}

void Snapshot::PutBackRanges() {
  for (size_t i = 0; i < range_count_; ++i) {
    const Range& range = ranges_[i];
    if (range.is_tracked && PutBackTracked(range)) continue;
    for (size_t at = 0; at < range.size; at += kPage) {
      PutBackPage(range, range.at + at);
    }
  }
}

// To compare costs what copying costs, and a page that is only read stays
// shared with the process that this one was forked from.
inline void Snapshot::PutBackPage(const Range& range, char* page) {
  const size_t index = static_cast<size_t>(page - range.at) / kPage;
  const char* copy = copies_[range.first_page + index];
  visited_[range.first_page + index] = true;
  if (memcmp(page, copy, kPage) != 0) memcpy(page, copy, kPage);
}

bool Snapshot::PutBackTracked(const Range& range) {
  return dirty_.ForEach(
      range.at, range.size, [&](const DirtyPages::Region& written) {
        for (char* page = written.begin; page < written.end; page += kPage) {
          PutBackPage(range, page);
        }
      });
}

void Snapshot::Clear(char* begin, char* end) {
  if (begin >= end) return;
  const size_t size = static_cast<size_t>(end - begin);
  if (size <= kMaxClear) {
    memset(begin, 0, size);
  } else {
    madvise(begin, size, MADV_DONTNEED);
  }
}

// The arena beyond what it had ever touched. (The heap is cut back instead.)
void Snapshot::ZeroWhatGrew() {
  for (const Arena::Range& range : Arena::Touched()) {
    if (char* const end = EndOf(range.begin); end != nullptr) {
      Clear(end, range.begin + range.size);
    }
  }
}

bool Snapshot::CanRestore() {
  char* const heap_end = static_cast<char*>(sbrk(0));
  if (heap_end < heap_end_) return false;
  if (heap_end > heap_end_ && brk(heap_end_) != 0) return false;
  return IsLikeBefore();
}

bool Snapshot::IsLikeBefore() {
  if (LowestFreeDescriptor() != lowest_descriptor_) return false;
  return MappedPages() == mapped_pages_ || MappingsAreTheSame();
}

// The one thing that may have changed is that the stack has grown.
bool Snapshot::MappingsAreTheSame() {
  const auto self = reinterpret_cast<uintptr_t>(this);
  if (!ReadMappings(self, self + storage_bytes_, now_)) return false;
  for (size_t i = 0; i < now_.size && i < mappings_.size; ++i) {
    if (now_.at[i].is_stack && mappings_.at[i].is_stack &&
        now_.at[i].begin < mappings_.at[i].begin) {
      mappings_.at[i].begin = now_.at[i].begin;
    }
  }
  if (now_ != mappings_) return false;
  mapped_pages_ = MappedPages();
  return true;
}

// The size of the whole address space: the first number of statm.
uint64_t Snapshot::MappedPages() const {
  char text[32];
  const ssize_t size = pread(statm_, text, sizeof(text), 0);
  uint64_t pages = 0;
  for (ssize_t i = 0; i < size && text[i] >= '0' && text[i] <= '9'; ++i) {
    pages = pages * 10 + static_cast<uint64_t>(text[i] - '0');
  }
  return pages;
}

int Snapshot::LowestFreeDescriptor() const {
  const int lowest = fcntl(statm_, F_DUPFD_CLOEXEC, 0);
  if (lowest >= 0) close(lowest);
  return lowest;
}

Snapshot::Descriptors Snapshot::descriptors() const {
  return {{statm_, dirty_.fault_file(), dirty_.pagemap()}};
}

void Snapshot::CloseInChild(const Descriptors& descriptors) {
  for (const int file : descriptors.at) {
    if (file >= 0) close(file);
  }
}

void KeepMallocInPlace() {
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, INT_MAX);
}

}  // namespace moonpool::explorer
