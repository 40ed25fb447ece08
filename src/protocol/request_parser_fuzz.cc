// SPDX-License-Identifier: BSD-3-Clause
//
// The same bytes give the same requests and the same error, however they are cut into pieces and
// whichever way big arguments come. The first bytes of the input choose limits and cuts.
#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "base/assert.h"
#include "protocol/request_parser.h"

namespace millrace::protocol {
namespace {

class FuzzSink : public BigArgumentSink {
public:
    explicit FuzzSink(bool refuses) : refuses_(refuses) {}
    char* begin(std::span<const std::string_view> before, size_t count, size_t bytes) override {
        CHECK(before.size() < count);
        for (const std::string_view argument : before) total_ += argument.size();
        if (refuses_ || bytes > 1 << 20) return nullptr;
        memory_.push_back(std::make_unique<char[]>(bytes));
        return memory_.back().get();
    }

private:
    bool refuses_;
    size_t total_ = 0;
    std::deque<std::unique_ptr<char[]>> memory_;
};

struct Transcript {
    std::vector<std::vector<std::string>> requests;
    size_t request_bytes = 0;
    std::string error;
    bool operator==(const Transcript&) const = default;
};

// How many of `left` bytes the window of a big argument gets directly.
size_t receive_directly(RequestParser& parser, std::string_view bytes, std::minstd_rand& random) {
    const std::span<char> window = parser.big_window();
    if (window.empty() || random() % 2 == 0) return 0;
    const size_t size = std::min({window.size(), bytes.size(), size_t{1} + random() % 50});
    bytes.copy(window.data(), size);
    parser.big_received(size);
    return size;
}

Transcript run(std::string_view bytes, const RequestLimits& limits, uint32_t piece_max,
               uint32_t seed) {
    std::minstd_rand random(seed + 1);
    FuzzSink sink(seed % 3 == 2);
    RequestParser parser;
    Transcript transcript;
    std::vector<char> input;
    while (!bytes.empty()) {
        if (input.empty()) bytes.remove_prefix(receive_directly(parser, bytes, random));
        const size_t size = std::min<size_t>(bytes.size(), 1 + random() % piece_max);
        std::vector<char> longer(input);
        longer.insert(longer.end(), bytes.begin(), bytes.begin() + static_cast<long>(size));
        input.swap(longer);
        bytes.remove_prefix(size);
        for (bool more = true; more;) {
            const auto outcome = parser.parse({input.data(), input.size()}, limits, sink);
            if (outcome == RequestParser::Outcome::Error) {
                transcript.error = parser.error();
                return transcript;
            }
            if (outcome == RequestParser::Outcome::Request) {
                CHECK(!parser.arguments().empty());
                transcript.requests.emplace_back(parser.arguments().begin(),
                                                 parser.arguments().end());
                transcript.request_bytes += parser.request_bytes();
            }
            CHECK(parser.consumed() <= input.size());
            input.erase(input.begin(), input.begin() + static_cast<long>(parser.consumed()));
            more = outcome != RequestParser::Outcome::Incomplete;
        }
    }
    return transcript;
}

}  // namespace
}  // namespace millrace::protocol

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace millrace::protocol;
    if (size < 4) return 0;
    RequestLimits limits;
    limits.authenticated = data[0] % 4 != 0;
    limits.bulk_bytes_max = data[0] % 8 == 1 ? 100 : 1 << 20;
    limits.big_argument_bytes = 1 + data[1] % 64;
    const std::string_view bytes(reinterpret_cast<const char*>(data + 4), size - 4);

    RequestLimits plain = limits;
    plain.big_argument_bytes = SIZE_MAX;
    const Transcript whole = run(bytes, plain, UINT32_MAX, 0);
    CHECK(whole == run(bytes, limits, 1 + data[2] % 32, data[3]));
    CHECK(whole == run(bytes, limits, 1, data[3] + 1u));
    return 0;
}
