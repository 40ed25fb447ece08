// SPDX-License-Identifier: BSD-3-Clause
//
// Whatever an AOF holds: what is taken for commands lies within the bytes, and says the same when
// it is encoded and read again.
#include <cstdint>
#include <string_view>

#include "base/assert.h"
#include "base/byte_buffer.h"
#include "persistence/aof/command_reader.h"
#include "persistence/aof/log_encoder.h"

namespace {

using namespace millrace::persistence::aof;
using Outcome = CommandReader::Outcome;

void check_again(std::span<const std::string_view> words) {
    millrace::ByteBuffer encoded;
    append_command(encoded, words);
    CommandReader reader(encoded.view());
    CHECK(reader.next() == Outcome::Command);
    CHECK(reader.words().size() == words.size());
    for (size_t i = 0; i < words.size(); ++i) CHECK(reader.words()[i] == words[i]);
    CHECK(reader.next() == Outcome::End);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    CommandReader reader(bytes);
    for (;;) {
        const size_t before = reader.offset();
        const Outcome outcome = reader.next();
        CHECK(reader.began() == before);
        CHECK(reader.offset() <= size);
        if (outcome == Outcome::Command) {
            check_again(reader.words());
        } else if (outcome == Outcome::Annotation) {
            (void)timestamp_of(reader.text());
        } else {
            CHECK(reader.offset() == before);
            CHECK((outcome == Outcome::End) == (before == size));
            return 0;
        }
        CHECK(reader.offset() > before);
    }
}
