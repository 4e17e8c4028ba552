// Copyright 2026 The Moonpool Authors. SPDX-License-Identifier: Apache-2.0
//
// DatagramFaults: what befalls the datagrams of one link.
#ifndef MOONPOOL_SIM_NETWORK_DATAGRAM_FAULTS_H_
#define MOONPOOL_SIM_NETWORK_DATAGRAM_FAULTS_H_

#include "providers/random.h"

namespace moonpool {

struct DatagramFaults {
  Ratio loss = {0, 1};  // rolled when it would arrive
  Ratio duplicate = {0, 1};
  Ratio reorder = {0, 1};  // takes up to ten times as long
};

}  // namespace moonpool

#endif  // MOONPOOL_SIM_NETWORK_DATAGRAM_FAULTS_H_
