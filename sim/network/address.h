// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// Addresses: "10.0.1.1:4500" or "kv-2:4500", or without port for kDefaultPort.
#ifndef MOONPOOL_SIM_NETWORK_ADDRESS_H_
#define MOONPOOL_SIM_NETWORK_ADDRESS_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace moonpool::network_internal {

struct Address {
  std::string host;  // an IP address or a name
  uint16_t port = 0;
};

// Four decimal numbers up to 255, without leading zeros.
bool IsIpv4(absl::string_view text);
// A letter, then letters, digits, '-', '_' and '.'.
bool IsHostName(absl::string_view text);
// InvalidArgument unless text is as above.
absl::StatusOr<Address> ParseAddress(absl::string_view text);
std::string FormatAddress(absl::string_view ip, uint16_t port);

}  // namespace moonpool::network_internal

#endif  // MOONPOOL_SIM_NETWORK_ADDRESS_H_
