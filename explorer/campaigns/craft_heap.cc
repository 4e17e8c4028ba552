// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/campaigns/craft_heap.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>

#include "explorer/campaigns/craft_message.h"
#include "providers/base/check.h"

namespace moonpool::craft {
namespace {

thread_local constinit CraftHeap* current_heap = nullptr;

}  // namespace

struct CraftHeap::Functions {
  static void* Malloc(void*, size_t size) {
    CHECK(current_heap != nullptr) << "C-Raft was called outside a scope";
    return current_heap->Allocate(size);
  }
  static void Free(void*, void* block) { CraftHeap::Free(block); }
  static void* Calloc(void*, size_t count, size_t size) {
    CHECK(size == 0 || count <= std::numeric_limits<size_t>::max() / size);
    return Malloc(nullptr, count * size);  // is all zeros
  }
  static void* Realloc(void*, void* old_block, size_t size) {
    void* block = Malloc(nullptr, size);
    if (old_block == nullptr) return block;
    const size_t old_size = (static_cast<Header*>(old_block) - 1)->size;
    std::memcpy(block, old_block, std::min(old_size, size));
    CraftHeap::Free(old_block);
    return block;
  }
  // Only the library's own disk code, which we replace, aligns buffers.
  static void* AlignedAlloc(void*, size_t, size_t) {
    CHECK(false) << "C-Raft's core does not ask for alignment";
    return nullptr;
  }
  static void AlignedFree(void*, size_t, void*) {
    CHECK(false) << "C-Raft's core does not ask for alignment";
  }

  static constinit raft_heap heap;
};

constinit raft_heap CraftHeap::Functions::heap = {
    nullptr, Malloc,       Functions::Free, Calloc,
    Realloc, AlignedAlloc, AlignedFree};

CraftHeap::Scope::Scope(CraftHeap* heap) : previous_(current_heap) {
  current_heap = heap;
}

CraftHeap::Scope::~Scope() { current_heap = previous_; }

CraftHeap::CraftHeap() : blocks_{&blocks_, &blocks_, this, 0} {
  raft_heap_set(&Functions::heap);
}

CraftHeap::~CraftHeap() {
  CHECK(current_heap != this) << "a heap dies while the library runs on it";
  while (blocks_.next != &blocks_) Free(blocks_.next + 1);
  CHECK_EQ(live_blocks_, size_t{0});
}

void* CraftHeap::Allocate(size_t size) {
  auto* header = static_cast<Header*>(::operator new(sizeof(Header) + size));
  *header = {blocks_.previous, &blocks_, this, size};
  // The library writes the padding of an encoded configuration as it finds it.
  std::memset(header + 1, 0, size);
  header->previous->next = header;
  header->next->previous = header;
  ++live_blocks_;
  return header + 1;
}

void CraftHeap::Free(void* block) {
  if (block == nullptr) return;
  Header* header = static_cast<Header*>(block) - 1;
  header->previous->next = header->next;
  header->next->previous = header->previous;
  --header->heap->live_blocks_;
  ::operator delete(header);
}

}  // namespace moonpool::craft
