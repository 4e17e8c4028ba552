// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// page.css and page.js, as the report page carries them.
#ifndef MOONPOOL_EXPLORER_REPORT_PAGE_ASSETS_H_
#define MOONPOOL_EXPLORER_REPORT_PAGE_ASSETS_H_

namespace moonpool {

extern const char kPageCss[];
extern const char kPageScript[];

}  // namespace moonpool

#endif  // MOONPOOL_EXPLORER_REPORT_PAGE_ASSETS_H_
