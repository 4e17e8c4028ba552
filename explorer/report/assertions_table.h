// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// The assertions of a program, for the report page.
#ifndef MOONPOOL_EXPLORER_REPORT_ASSERTIONS_TABLE_H_
#define MOONPOOL_EXPLORER_REPORT_ASSERTIONS_TABLE_H_

#include <string>

#include "explorer/directory/campaign.pb.h"

namespace moonpool {

// Rows, at most; the table says what it leaves out.
inline constexpr int kMaxAssertionRows = 1'000;

// Those first that never happened, then the violated ones. Unless all count,
// without those whose file had none evaluated.
std::string AssertionsTable(const CampaignPart& part, bool all_count);

}  // namespace moonpool

#endif  // MOONPOOL_EXPLORER_REPORT_ASSERTIONS_TABLE_H_
