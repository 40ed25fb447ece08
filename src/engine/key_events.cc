// SPDX-License-Identifier: BSD-3-Clause
#include "engine/key_events.h"

namespace millrace::engine {
namespace {

struct ClassLetter {
    char letter;
    EventClass event_class;
};

// In the order in which CONFIG GET shows them.
constexpr ClassLetter kTypeLetters[] = {
    {'g', EventClass::Generic}, {'$', EventClass::String},  {'l', EventClass::List},
    {'s', EventClass::Set},     {'h', EventClass::Hash},    {'z', EventClass::SortedSet},
    {'x', EventClass::Expired}, {'e', EventClass::Evicted}, {'t', EventClass::Stream},
    {'d', EventClass::Module},
};
constexpr ClassLetter kNewLetter = {'n', EventClass::New};
constexpr ClassLetter kChannelLetters[] = {
    {'K', EventClass::Keyspace},
    {'E', EventClass::Keyevent},
    {'m', EventClass::Miss},
};

constexpr uint32_t bit(EventClass event_class) {
    return static_cast<uint32_t>(event_class);
}

constexpr uint32_t all_types() {
    uint32_t mask = 0;
    for (const ClassLetter& each : kTypeLetters) mask |= bit(each.event_class);
    return mask;
}

uint32_t mask_of(char letter) {
    if (letter == 'A') return all_types();
    if (letter == kNewLetter.letter) return bit(kNewLetter.event_class);
    for (const ClassLetter& each : kTypeLetters) {
        if (each.letter == letter) return bit(each.event_class);
    }
    for (const ClassLetter& each : kChannelLetters) {
        if (each.letter == letter) return bit(each.event_class);
    }
    return 0;
}

constexpr ErrorText kInvalidLetter{"Invalid event class character. Use 'Ag$lshzxeKEtmdn'."};

}  // namespace

Result<uint32_t> parse_event_classes(std::string_view letters) {
    uint32_t mask = 0;
    for (char letter : letters) {
        const uint32_t named = mask_of(letter);
        if (named == 0) return kInvalidLetter;
        mask |= named;
    }
    return mask;
}

std::string event_class_letters(uint32_t mask) {
    std::string letters;
    if ((mask & all_types()) == all_types()) {
        // Compat: 'n' is not part of 'A', but is not shown beside it either.
        letters += 'A';
    } else {
        for (const ClassLetter& each : kTypeLetters) {
            if ((mask & bit(each.event_class)) != 0) letters += each.letter;
        }
        if ((mask & bit(kNewLetter.event_class)) != 0) letters += kNewLetter.letter;
    }
    for (const ClassLetter& each : kChannelLetters) {
        if ((mask & bit(each.event_class)) != 0) letters += each.letter;
    }
    return letters;
}

}  // namespace millrace::engine
