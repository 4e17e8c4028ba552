// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// CraftHeap: the memory of one server's C-Raft. A simulated power cut may not
// run one more line of the library, so nobody frees its objects one by one:
// the heap knows what is still allocated and drops it whole.
//
//   CraftHeap heap;
//   {
//     CraftHeap::Scope scope(&heap);  // around every call into the library
//     raft_start(&raft);
//   }
//
// Blocks come from operator new, and so from the arena of the world. The
// library has one allocator for the whole program; a scope says whose heap it
// serves. Allocating outside all scopes is a CHECK failure. Single-threaded.
#ifndef MOONPOOL_EXPLORER_CAMPAIGNS_CRAFT_HEAP_H_
#define MOONPOOL_EXPLORER_CAMPAIGNS_CRAFT_HEAP_H_

#include <cstddef>

namespace moonpool::craft {

class CraftHeap {
 public:
  class Scope {
   public:
    explicit Scope(CraftHeap* heap);
    Scope(const Scope&) = delete;
    ~Scope();

   private:
    CraftHeap* previous_;
  };

  CraftHeap();
  CraftHeap(const CraftHeap&) = delete;
  // Frees what the library has not.
  ~CraftHeap();

  size_t live_blocks() const { return live_blocks_; }

 private:
  struct Functions;  // what raft_heap_set wants
  // In front of each block; keeps its alignment.
  struct alignas(16) Header {
    Header* previous;
    Header* next;
    CraftHeap* heap;
    size_t size;
  };
  void* Allocate(size_t size);
  static void Free(void* block);

  Header blocks_;  // the list's anchor
  size_t live_blocks_ = 0;
};

}  // namespace moonpool::craft

#endif  // MOONPOOL_EXPLORER_CAMPAIGNS_CRAFT_HEAP_H_
