#pragma once

// What must stay in a document for a missed expectation to go on meaning something: who is never
// paired is never sent anything, and a link that nobody puts up again carries nothing. Without
// these rules a document would be "shrunk" to one that fails for want of trying.
//
//   devices  those that serve a DHT, as long as another one looks for devices in it
//   steps    pair and tell of two devices, as long as another step is between the two
//   faults   the last that changes something of a link, line, network, island or clock, as long as
//            an earlier one changes the same; and the one that brings a device to its network

#include "sim/capsule/document_edit.h"

namespace kith::sim {

// These, and those that they rest on.
Kept devices_with_groundwork(const Document& document, const Kept& devices);
Kept steps_with_groundwork(const Document& document, const Kept& steps);
Kept faults_with_groundwork(const Document& document, const Kept& faults);

// Whether every expectation that speaks of pairs, sends or messages has one to speak of.
bool has_subjects(const Document& document);

}  // namespace kith::sim
