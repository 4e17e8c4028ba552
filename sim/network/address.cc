// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "sim/network/address.h"

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "providers/network.h"

namespace moonpool::network_internal {
namespace {

// Takes a decimal number of at most `max` from the front of text; without
// leading zeros, so that each address has one spelling. -1 if there is none.
int TakeNumber(absl::string_view& text, int max) {
  int value = 0;
  size_t digits = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') {
    value = value * 10 + (text[digits] - '0');
    ++digits;
    if (value > max) return -1;
  }
  if (digits == 0 || (digits > 1 && text[0] == '0')) return -1;
  text.remove_prefix(digits);
  return value;
}

}  // namespace

bool IsIpv4(absl::string_view text) {
  for (int octet = 0; octet < 4; ++octet) {
    if (octet > 0) {
      if (text.empty() || text[0] != '.') return false;
      text.remove_prefix(1);
    }
    if (TakeNumber(text, 255) < 0) return false;
  }
  return text.empty();
}

bool IsHostName(absl::string_view text) {
  if (text.empty() || !absl::ascii_isalpha(text[0])) return false;
  for (const char c : text) {
    if (!absl::ascii_isalnum(c) && c != '-' && c != '_' && c != '.') {
      return false;
    }
  }
  return true;
}

absl::StatusOr<Address> ParseAddress(absl::string_view text) {
  const absl::string_view host = text.substr(0, text.find(':'));
  absl::string_view rest = text.substr(host.size());
  int port = kDefaultPort;
  if (!rest.empty()) {
    rest.remove_prefix(1);
    port = TakeNumber(rest, 65535);
  }
  if ((!IsIpv4(host) && !IsHostName(host)) || port < 0 || !rest.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("malformed address \"", text,
                     "\": want host or host:port, host being an IPv4 address "
                     "or a name"));
  }
  Address address;
  address.host = std::string(host);
  address.port = static_cast<uint16_t>(port);
  return address;
}

std::string FormatAddress(absl::string_view ip, uint16_t port) {
  return absl::StrCat(ip, ":", port);
}

}  // namespace moonpool::network_internal
