// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/cli/trace_files.h"

#include "explorer/recipe/atomic_file.h"
#include "providers/base/status_macros.h"
#include "sim/trace/perfetto_writer.h"
#include "sim/trace/text_log.h"

namespace moonpool {

absl::Status TraceFiles::Check() const {
  if (!perfetto.empty()) RETURN_IF_ERROR(CheckWritable(perfetto));
  return log.empty() ? absl::OkStatus() : CheckWritable(log);
}

absl::Status TraceFiles::Write(const EventRing& ring, int64_t end_ns) const {
  if (!perfetto.empty()) {
    RETURN_IF_ERROR(WriteFileAtomically(
        perfetto, PerfettoTrace(ring, {.end_ns = end_ns})));
  }
  if (log.empty()) return absl::OkStatus();
  return WriteFileAtomically(log, FormatLog(ring));
}

}  // namespace moonpool
