// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
#include "explorer/cli/cli.h"

int main(int argc, char** argv) { return moonpool::ExplorerMain(argc, argv); }
