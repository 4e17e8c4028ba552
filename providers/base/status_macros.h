// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Early returns for absl::Status and absl::StatusOr, for functions and (CO_…)
// for coroutines. Declaration style, not statement expressions: the latter are
// a known source of compiler bugs around co_await.
//
//   RETURN_IF_ERROR(file.Close());
//   CO_ASSIGN_OR_RETURN(auto listener, co_await network.Bind(ip));
#ifndef MOONPOOL_PROVIDERS_BASE_STATUS_MACROS_H_
#define MOONPOOL_PROVIDERS_BASE_STATUS_MACROS_H_

#include <utility>

#include "absl/status/status.h"

namespace moonpool::internal {
inline const absl::Status& ToStatus(const absl::Status& status) {
  return status;
}
template <typename StatusOr>
const absl::Status& ToStatus(const StatusOr& value) {
  return value.status();
}
}  // namespace moonpool::internal

#define MOONPOOL_CONCAT_(a, b) a##b
#define MOONPOOL_CONCAT(a, b) MOONPOOL_CONCAT_(a, b)

#define MOONPOOL_RETURN_IF_ERROR_(ret, expression)                          \
  do {                                                                      \
    auto&& moonpool_result = (expression);                                  \
    if (!moonpool_result.ok())                                              \
      ret ::moonpool::internal::ToStatus(moonpool_result);                  \
  } while (false)

#define MOONPOOL_ASSIGN_OR_RETURN_(ret, tmp, lhs, expression) \
  auto tmp = (expression);                                    \
  if (!tmp.ok()) ret tmp.status();                            \
  lhs = std::move(*tmp)

#define RETURN_IF_ERROR(...) MOONPOOL_RETURN_IF_ERROR_(return, (__VA_ARGS__))
#define CO_RETURN_IF_ERROR(...) \
  MOONPOOL_RETURN_IF_ERROR_(co_return, (__VA_ARGS__))
#define ASSIGN_OR_RETURN(lhs, ...)                                          \
  MOONPOOL_ASSIGN_OR_RETURN_(                                               \
      return, MOONPOOL_CONCAT(moonpool_result_, __LINE__), lhs, (__VA_ARGS__))
#define CO_ASSIGN_OR_RETURN(lhs, ...)                                     \
  MOONPOOL_ASSIGN_OR_RETURN_(co_return,                                   \
                             MOONPOOL_CONCAT(moonpool_result_, __LINE__), \
                             lhs, (__VA_ARGS__))

#endif  // MOONPOOL_PROVIDERS_BASE_STATUS_MACROS_H_
