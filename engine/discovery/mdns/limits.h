#pragma once

// Times and bounds of multicast DNS. A section without another name is one of RFC 6762.

#include <cstddef>
#include <cstdint>

#include "kith/time.h"

namespace kith::mdns {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

inline constexpr std::uint16_t kPort = 5353;
// What fits an Ethernet frame below IPv6 and UDP is 1452 (section 17); some links take a little.
inline constexpr std::size_t kMaxPacketBytes = 1440;
// The largest that anyone may send (section 17).
inline constexpr std::size_t kMaxDatagramBytes = 9000;
// What a legacy querier takes that says nothing else (RFC 1035 section 4.2.1).
inline constexpr std::size_t kLegacyPacketBytes = 512;

// Section 10: records with a host's name in them, and the others.
inline constexpr std::uint32_t kHostTtl = 120;
inline constexpr std::uint32_t kOtherTtl = 4500;
// Nothing is believed for longer: no record of this service asks for more.
inline constexpr std::uint32_t kMaxTtl = kOtherTtl;
inline constexpr std::uint32_t kLegacyTtl = 10;  // section 6.7

// Section 8.1.
inline constexpr int kProbes = 3;
inline constexpr Duration kProbeInterval = milliseconds(250);
inline constexpr Duration kTieBreakPause = seconds(1);  // section 8.2
inline constexpr std::size_t kManyConflicts = 15;
inline constexpr Duration kManyConflictsSpan = seconds(10);
inline constexpr Duration kManyConflictsPause = seconds(5);

// Section 8.3.
inline constexpr int kAnnouncements = 2;
inline constexpr Duration kAnnounceInterval = seconds(1);

// Section 6: answers that others may give too wait, so that they do not collide.
inline constexpr Duration kShortestDelay = milliseconds(20);
inline constexpr Duration kLongestDelay = milliseconds(120);
// Section 7.2: until the rest of the known answers is here.
inline constexpr Duration kShortestKnownAnswerDelay = milliseconds(400);
inline constexpr Duration kLongestKnownAnswerDelay = milliseconds(500);
// Section 6: no record is multicast more often, except against a probe.
inline constexpr Duration kRecordInterval = seconds(1);
inline constexpr Duration kDefenceInterval = milliseconds(250);

// Section 5.2.
inline constexpr Duration kFirstQueryInterval = seconds(1);
inline constexpr Duration kLongestQueryInterval = hours(1);
// Section 7.3 lets another's question stand for ours. Not forever: who asks may talk to us alone.
inline constexpr int kMaxSuppressedInARow = 3;
// After instances gave way in a full cache: those that are there are to be found again, and who
// makes them give way is to cause no noise.
inline constexpr Duration kAskAgain = minutes(1);
// Questions for what an instance lacks: after 1, 3, 7 and 15 s, then its next announcement helps.
inline constexpr int kMaxResolveAttempts = 5;
inline constexpr std::size_t kMaxResolveQuestions = 32;  // in one query
// Section 10.1 and 10.2: what was withdrawn is kept this long, in case it was not.
inline constexpr Duration kGrace = seconds(1);
// Section 10.4.
inline constexpr Duration kReconfirmTime = seconds(10);

// A device is a host (up to 16 addresses) and a few instances of 3 records.
inline constexpr std::size_t kMaxInterfaces = 32;
inline constexpr std::size_t kMaxAddresses = 16;  // of one interface or one host
inline constexpr std::size_t kMaxInstances = 8;
inline constexpr std::size_t kMaxTxtBytes = 800;  // RFC 6763 section 6.2: it should fit one packet
inline constexpr std::size_t kMaxRecordsPerSource = 64;
// Of these, what was heard of more than once keeps its place: twice what a device mostly has.
inline constexpr std::size_t kMaxConfirmedPerSource = 32;
inline constexpr std::size_t kMaxRecordsPerInterface = 4096;
// Unicast answers that wait: 100 devices that ask at once, and one that repeats itself.
inline constexpr std::size_t kMaxUnicastAnswers = 128;
inline constexpr std::size_t kMaxUnicastAnswersPerSource = 4;
inline constexpr std::size_t kMaxTransmits = 1024;
inline constexpr std::size_t kMaxConflictEvents = 64;
// Packets remembered to know them again when the link echoes them.
inline constexpr std::size_t kRememberedPackets = 64;

}  // namespace kith::mdns
