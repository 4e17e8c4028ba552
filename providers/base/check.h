// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// CHECK: always-on assertions for what only a bug of ours can do. They print
// the condition, the place and a message, and abort; they are never compiled
// out. Expected errors are absl::Status; properties of the system under test
// are the ASSERT_ macros of sim/assertions.
//
//   CHECK(index < size) << "no such node: " << index;
#ifndef MOONPOOL_PROVIDERS_BASE_CHECK_H_
#define MOONPOOL_PROVIDERS_BASE_CHECK_H_

#if !defined(__clang__) || __clang_major__ < 16
#error "Moonpool needs clang 16 or newer (g++ 12 miscompiles coroutines): apt-get install clang-19"
#endif

#include <sstream>

namespace moonpool::internal {

// Collects the message of a failed CHECK; its destructor reports and aborts.
// The stream is not a member: it would take 400 bytes of the stack, and a stack
// protector, in each function with a CHECK.
class CheckFailure {
 public:
  CheckFailure(const char* file, int line, const char* condition);
  CheckFailure(const CheckFailure&) = delete;
  [[noreturn]] ~CheckFailure();
  std::ostream& stream() { return *stream_; }

 private:
  std::ostringstream* stream_;
};

}  // namespace moonpool::internal

#define CHECK(condition)                                             \
  for (; __builtin_expect(!(condition), 0);)                         \
  ::moonpool::internal::CheckFailure(__FILE__, __LINE__, #condition) \
      .stream()
#define CHECK_EQ(a, b) CHECK((a) == (b))
#define CHECK_NE(a, b) CHECK((a) != (b))
#define CHECK_LT(a, b) CHECK((a) < (b))
#define CHECK_LE(a, b) CHECK((a) <= (b))
#define CHECK_GT(a, b) CHECK((a) > (b))
#define CHECK_GE(a, b) CHECK((a) >= (b))

#endif  // MOONPOOL_PROVIDERS_BASE_CHECK_H_
