// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/core/arena.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <numeric>

#include "providers/base/check.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
#define MOONPOOL_ARENA_OFF 1
#endif
#endif

namespace moonpool {
namespace {

constexpr size_t kPage = 4096;
// The first slab of a size class is this small, so that a small world takes few
// pages: a fork copies each one that it writes to. Kinds are kept by the chunk.
constexpr size_t kChunk = 1024;
constexpr size_t kChunksInPage = kPage / kChunk;
// From so many pages on the arena consists of huge pages: to copy the table of
// small ones costs each fork 30 us a megabyte. Small worlds keep small pages,
// of which a fork can share more.
constexpr size_t kManyPages = (size_t{4} << 20) / kPage;
// From the kernel's ABI; this distribution's headers are older than it.
constexpr int kCollapse = 25;  // MADV_COLLAPSE, Linux 6.1
constexpr size_t kStep = 16;
constexpr size_t kMaxSmall = 1024;
constexpr size_t kClasses = kMaxSmall / kStep + 1;
constexpr int kOrders = 23;  // runs of up to 2^22 pages (16 GiB)
constexpr size_t kPages = Arena::kMaxBytes / kPage;
constexpr size_t kChunks = Arena::kMaxBytes / kChunk;

// In a section with whatever else each forked timeline writes: so that is one
// page to copy.
[[gnu::section("moonpool_hot")]] constinit bool in_world = false;

struct FreeBlock {
  FreeBlock* next;
};

// What a chunk belongs to: 1..kClasses-1 a small class; kRun + order: a run
// begins with it.
constexpr uint8_t kRun = 128;

// What is left of the slab that blocks of a class are cut from.
struct Slab {
  char* next = nullptr;
  char* end = nullptr;
};

// Lives at the beginning of the arena itself, so that it is copied with it.
struct State {
  size_t bytes_in_use = 0;
  size_t pages_used = 0;
  size_t pages_touched = 0;  // the most that pages_used ever was
  char* next_chunk = nullptr;  // at the beginning of a page: none is left
  FreeBlock* small[kClasses] = {};
  Slab slabs[kClasses] = {};
  FreeBlock* runs[kOrders] = {};
};

// The first page also tells the kinds of the first chunks. Those of the others
// are beside the arena: one byte a chunk, touched on demand.
constexpr size_t kNearKinds = kPage - sizeof(State);
static_assert(sizeof(State) < kPage / 2);
char* const kBase = reinterpret_cast<char*>(Arena::kBase);
uint8_t* const kFarKinds =
    reinterpret_cast<uint8_t*>(Arena::kBase + Arena::kMaxBytes);

State& state() { return *reinterpret_cast<State*>(kBase); }

void Map() {
  void* at = mmap(
      kBase, Arena::kMaxBytes + kChunks, PROT_READ | PROT_WRITE,
      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
  CHECK(at == kBase) << "cannot map the arena at its fixed address";
}

constinit bool mapped = false;
// The arena is mapped and blocks are handed out as they are.
constinit bool ready = false;
constinit Arena::Variation variation;
constinit size_t max_pages = kPages;
constinit void (*on_exhausted)() = nullptr;

[[noreturn, maybe_unused]] void Exhausted() {
  if (on_exhausted != nullptr) on_exhausted();
  in_world = false;  // the message needs memory
  CHECK(false) << "the world needs more than " << max_pages * kPage
               << " bytes, or malloc has none";
  abort();
}

void Reset() {
  const size_t touched = state().pages_touched;
  new (kBase) State();
  state().pages_used = 1 + variation.skipped_pages;
  state().pages_touched = std::max(touched, state().pages_used);
}

[[maybe_unused]] bool Contains(const void* block) {
  return static_cast<size_t>(static_cast<const char*>(block) - kBase) <
         Arena::kMaxBytes;
}

uint8_t& KindOf(const void* block) {
  const size_t chunk = (static_cast<const char*>(block) - kBase) / kChunk;
  return chunk < kNearKinds
             ? reinterpret_cast<uint8_t*>(kBase + sizeof(State))[chunk]
             : kFarKinds[chunk];
}

int OrderFor(size_t pages) {
  return pages <= 1 ? 0 : 64 - __builtin_clzll(pages - 1);
}

// A matter of speed alone: without huge pages all goes on with small ones.
[[gnu::noinline]] void UseHugePages() {
  const int saved = errno;
  madvise(kBase, Arena::kMaxBytes, MADV_HUGEPAGE);
  madvise(kBase, kManyPages * kPage, kCollapse);  // those that are small yet
  errno = saved;
}

char* TakePages(size_t count) {
  State& s = state();
  if (__builtin_expect(s.pages_used + count > max_pages, 0)) Exhausted();
  char* at = kBase + s.pages_used * kPage;
  const bool were_few = s.pages_used < kManyPages;
  s.pages_used += count;
  if (were_few && s.pages_used >= kManyPages) UseHugePages();
  s.pages_touched = std::max(s.pages_touched, s.pages_used);
  return at;
}

[[gnu::noinline]] void* AllocateRun(size_t size) {
  State& s = state();
  // Also what is too large to be rounded up.
  if (__builtin_expect(size > max_pages * kPage, 0)) Exhausted();
  const int order = OrderFor((size + kPage - 1) / kPage);
  s.bytes_in_use += kPage << order;
  if (FreeBlock* free = s.runs[order]) {
    s.runs[order] = free->next;
    return free;
  }
  char* at = TakePages(size_t{1} << order);
  KindOf(at) = static_cast<uint8_t>(kRun + order);
  return at;
}

// A whole page for blocks of a class.
char* TakeSlabPage(size_t size_class) {
  char* at = TakePages(1);
  for (size_t i = 0; i < kChunksInPage; ++i) {
    KindOf(at + i * kChunk) = static_cast<uint8_t>(size_class);
  }
  return at;
}

char* TakeChunk(size_t size_class) {
  char*& next = state().next_chunk;
  if (reinterpret_cast<uintptr_t>(next) % kPage == 0) next = TakePages(1);
  char* at = next;
  next += kChunk;
  KindOf(at) = static_cast<uint8_t>(size_class);
  return at;
}

// Of a size of at most kMaxSmall.
size_t ClassOf(size_t size) {
  return size == 0 ? 1 : (size + kStep - 1) / kStep;
}

[[gnu::noinline]] void* CutBlock(size_t size_class) {
  Slab& slab = state().slabs[size_class];
  const size_t block = size_class * kStep;
  if (static_cast<size_t>(slab.end - slab.next) < block) {
    if (slab.end == nullptr) {
      slab.next = TakeChunk(size_class);
      slab.end = slab.next + kChunk;
    } else {
      slab.next = TakeSlabPage(size_class);
      slab.end = slab.next + kPage;
    }
  }
  void* at = slab.next;
  slab.next += block;
  return at;
}

inline void* AllocateBlock(size_t size) {
  if (__builtin_expect(size > kMaxSmall, 0)) return AllocateRun(size);
  const size_t size_class = ClassOf(size);
  State& s = state();
  s.bytes_in_use += size_class * kStep;
  FreeBlock* free = s.small[size_class];
  if (__builtin_expect(free == nullptr, 0)) return CutBlock(size_class);
  s.small[size_class] = free->next;
  return free;
}

// Where a page would be cut from its beginning on, puts its blocks on the free
// list in an order of their own: objects then compare otherwise by address.
void ShuffleSmall(size_t size) {
  if (size > kMaxSmall) return;
  const size_t size_class = ClassOf(size);
  State& s = state();
  if (s.small[size_class] != nullptr) return;
  char* page = TakeSlabPage(size_class);
  const size_t count = kPage / (size_class * kStep);
  // Every block once: the stride has no divisor in common with the count.
  size_t stride = variation.skipped_pages % count + 1;
  while (std::gcd(stride, count) != 1) ++stride;
  for (size_t i = 0; i < count; ++i) {
    const size_t at = i * stride % count;
    auto* block = reinterpret_cast<FreeBlock*>(page + at * size_class * kStep);
    block->next = s.small[size_class];
    s.small[size_class] = block;
  }
}

[[gnu::noinline]] void* AllocateSlowly(size_t size) {
  if (!mapped) {
    Map();
    Reset();
    mapped = true;
    ready = variation.fill < 0;
  }
  if (variation.fill >= 0) ShuffleSmall(size);
  void* block = AllocateBlock(size);
  if (variation.fill >= 0) memset(block, variation.fill, size);
  return block;
}

[[maybe_unused]] inline void* Allocate(size_t size) {
  if (__builtin_expect(!ready, 0)) return AllocateSlowly(size);
  return AllocateBlock(size);
}

void Ended(size_t bytes) {
  State& s = state();
  s.bytes_in_use -= bytes;
  if (__builtin_expect(s.bytes_in_use == 0, 0)) Reset();
}

inline void FreeSmall(void* block, size_t size_class) {
  State& s = state();
  auto* free = static_cast<FreeBlock*>(block);
  free->next = s.small[size_class];
  s.small[size_class] = free;
  Ended(size_class * kStep);
}

[[maybe_unused, gnu::noinline]] void Free(void* block) {
  const uint8_t kind = KindOf(block);
  if (kind < kRun) {
    FreeSmall(block, kind);
    return;
  }
  State& s = state();
  auto* free = static_cast<FreeBlock*>(block);
  free->next = s.runs[kind - kRun];
  s.runs[kind - kRun] = free;
  Ended(kPage << (kind - kRun));
}

// Of a block that was allocated with this size: its class need not be looked up.
[[maybe_unused]] inline void FreeSized(void* block, size_t size) {
  if (__builtin_expect(size > kMaxSmall, 0)) {
    Free(block);
    return;
  }
  const size_t size_class = ClassOf(size);
#ifndef NDEBUG
  CHECK_EQ(size_t{KindOf(block)}, size_class)
      << "deleted with another size than it was made with";
#endif
  FreeSmall(block, size_class);
}

}  // namespace

Arena::Scope::Scope() : previous_(in_world) { in_world = true; }
Arena::Scope::~Scope() { in_world = previous_; }
Arena::OutsideScope::OutsideScope() : previous_(in_world) { in_world = false; }
Arena::OutsideScope::~OutsideScope() { in_world = previous_; }

bool Arena::InScope() { return in_world; }

void Arena::Vary(const Variation& how) {
  CHECK(!mapped) << "the arena is in use: vary it before the first world";
  variation = how;
}

void Arena::Limit(size_t bytes, void (*handler)()) {
  max_pages = bytes / kPage < kPages ? bytes / kPage : kPages;
  on_exhausted = handler;
}

bool Arena::IsEnabled() {
#ifdef MOONPOOL_ARENA_OFF
  return false;
#else
  return true;
#endif
}

size_t Arena::BytesInUse() { return mapped ? state().bytes_in_use : 0; }
size_t Arena::HighWater() { return mapped ? state().pages_used * kPage : 0; }

std::array<Arena::Range, 2> Arena::Touched() {
  if (!mapped) return {};
  const size_t pages = state().pages_touched;
  const size_t chunks = pages * kChunksInPage;
  const size_t far = chunks <= kNearKinds ? 0 : (chunks + kPage - 1) / kPage;
  return {{{moonpool::kBase, pages * kPage},
           {reinterpret_cast<char*>(kFarKinds), far * kPage}}};
}

Arena::Range Arena::Mapping() {
  if (!mapped) return {};
  return {moonpool::kBase, kMaxBytes + kChunks};
}

}  // namespace moonpool

#ifndef MOONPOOL_ARENA_OFF

namespace {
void* NewImpl(size_t size) {
  if (moonpool::in_world) return moonpool::Allocate(size);
  void* block = std::malloc(size == 0 ? 1 : size);
  if (block == nullptr) moonpool::Exhausted();
  return block;
}
inline void DeleteSized(void* block, size_t size) {
  if (moonpool::Contains(block)) {
    moonpool::FreeSized(block, size);
  } else {
    std::free(block);  // of nullptr, too
  }
}
void DeleteImpl(void* block) {
  if (block == nullptr) return;
  if (moonpool::Contains(block)) {
    moonpool::Free(block);
  } else {
    std::free(block);
  }
}
void* AlignedNewImpl(size_t size, std::align_val_t alignment) {
  // Arena blocks are 16-byte aligned; runs are page aligned.
  const size_t align = static_cast<size_t>(alignment);
  if (moonpool::in_world) {
    return moonpool::Allocate(align <= 16 ? size : (size > 1024 ? size : 1025));
  }
  void* block = std::aligned_alloc(align, (size + align - 1) / align * align);
  if (block == nullptr) moonpool::Exhausted();
  return block;
}
}  // namespace

void* operator new(size_t size) { return NewImpl(size); }
void* operator new[](size_t size) { return NewImpl(size); }
void* operator new(size_t size, std::align_val_t alignment) {
  return AlignedNewImpl(size, alignment);
}
void* operator new[](size_t size, std::align_val_t alignment) {
  return AlignedNewImpl(size, alignment);
}
void operator delete(void* block) noexcept { DeleteImpl(block); }
void operator delete[](void* block) noexcept { DeleteImpl(block); }
void operator delete(void* block, size_t size) noexcept {
  DeleteSized(block, size);
}
void operator delete[](void* block, size_t size) noexcept {
  DeleteSized(block, size);
}
void operator delete(void* block, std::align_val_t) noexcept {
  DeleteImpl(block);
}
void operator delete[](void* block, std::align_val_t) noexcept {
  DeleteImpl(block);
}
void operator delete(void* block, size_t, std::align_val_t) noexcept {
  DeleteImpl(block);
}
void operator delete[](void* block, size_t, std::align_val_t) noexcept {
  DeleteImpl(block);
}

#endif  // MOONPOOL_ARENA_OFF
