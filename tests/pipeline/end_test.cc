// SPDX-License-Identifier: BSD-3-Clause
//
// The end of a server that has clients. Run with the address sanitizer this shows that nothing is
// used after it has gone.
#include <gtest/gtest.h>

#include <initializer_list>
#include <memory>
#include <string_view>
#include <vector>

#include "rig.h"

namespace millrace::test {
namespace {

// Watched keys once told a list of listeners that was no more.
TEST(End, ClientsAreForgottenInWhateverState) {
    const std::initializer_list<std::initializer_list<std::string_view>> states = {
        {"WATCH", "key"},    {"SUBSCRIBE", "channel"}, {"CLIENT", "TRACKING", "ON"},
        {"MULTI"},           {"MONITOR"},              {"BLPOP", "list", "0"},
        {"PSUBSCRIBE", "*"}, {"CLIENT", "TRACKING", "ON", "BCAST"}};
    for (const int io_threads : {1, 3}) {
        Rig rig(io_threads);
        std::vector<std::unique_ptr<RigClient>> clients;
        for (const auto& words : states) {
            clients.push_back(rig.connect());
            rig.expect(*clients.back(), command({"PING"}), "+PONG\r\n");
            clients.back()->send(command(words));
            clients.back()->exchange();
        }
        rig.turn_for_ms(20);
    }
}

}  // namespace
}  // namespace millrace::test
