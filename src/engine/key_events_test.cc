// SPDX-License-Identifier: BSD-3-Clause
#include "engine/key_events.h"

#include <gtest/gtest.h>

namespace millrace::engine {
namespace {

TEST(EventClasses, ReadBackInTheOrderOfValkey) {
    const auto round = [](std::string_view letters) {
        return event_class_letters(parse_event_classes(letters).value());
    };
    EXPECT_EQ(round(""), "");
    EXPECT_EQ(round("KEA"), "AKE");
    EXPECT_EQ(round("AKEmn"), "AKEm");
    EXPECT_EQ(round("nm"), "nm");
    EXPECT_EQ(round("Kg"), "gK");
    EXPECT_EQ(round("mnKE$"), "$nKEm");
    EXPECT_EQ(round("Edtxe$lshzg"), "AE");
    EXPECT_EQ(round("ldx"), "lxd");
}

TEST(EventClasses, RefuseOtherLetters) {
    EXPECT_EQ(parse_event_classes("AKq").error().text(),
              "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.");
    EXPECT_FALSE(parse_event_classes("a").ok());
}

}  // namespace
}  // namespace millrace::engine
