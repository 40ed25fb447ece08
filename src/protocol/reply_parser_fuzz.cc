// SPDX-License-Identifier: BSD-3-Clause
//
// Two targets in one, chosen by the first byte. Any bytes: the parser survives them, and what it
// reads does not depend on how they are cut. A tree made from the bytes: what the encoder writes
// reads back as the same tree.
#include <algorithm>
#include <cstdint>
#include <string>

#include "base/assert.h"
#include "base/bytes.h"
#include "protocol/reply_encoder.h"
#include "protocol/reply_parser.h"

namespace millrace::protocol {
namespace {

using Kind = Reply::Kind;

struct Transcript {
    std::vector<Reply> replies;
    std::string error;
    bool operator==(const Transcript&) const = default;
};

Transcript read(std::string_view wire, size_t piece) {
    Transcript transcript;
    ReplyParser parser;
    std::string input;
    for (size_t at = 0; at < wire.size(); at += piece) {
        input += wire.substr(at, piece);
        for (bool more = true; more;) {
            const auto outcome = parser.parse(input);
            CHECK(parser.consumed() <= input.size());
            if (outcome == ReplyParser::Outcome::Error) {
                transcript.error = parser.error();
                return transcript;
            }
            input.erase(0, parser.consumed());
            more = outcome == ReplyParser::Outcome::Reply;
            if (more) transcript.replies.push_back(std::move(parser.reply()));
        }
    }
    return transcript;
}

// Makes a tree and its wire form at the same time.
class Generator {
public:
    Generator(ByteReader& source, ByteBuffer& wire) : source_(source), wire_(wire) {}

    Reply value(int depth) {
        Reply reply;
        if (depth < 5 && source_.read_byte() % 8 == 0) reply.attributes = attributes(depth);
        const auto last = static_cast<uint8_t>(depth < 5 ? Kind::Map : Kind::BigNumber);
        reply.kind = static_cast<Kind>(source_.read_byte() % (last + 1));
        if (reply.kind >= Kind::Array) {
            parts(reply, depth);
        } else {
            plain(reply);
        }
        return reply;
    }

private:
    std::vector<Reply> attributes(int depth) {
        std::vector<Reply> pairs;
        const size_t count = source_.read_byte() % 3;
        encode_attribute(wire_, count);
        for (size_t i = 0; i < count * 2; ++i) pairs.push_back(value(depth + 1));
        return pairs;
    }

    void parts(Reply& reply, int depth) {
        size_t count = source_.read_byte() % 5;
        switch (reply.kind) {
            case Kind::Set:
                encode_set(wire_, count, 3);
                break;
            case Kind::Push:
                encode_push(wire_, count, 3);
                break;
            case Kind::Map:
                encode_map(wire_, count, 3);
                break;
            default:
                encode_array(wire_, count);
                break;
        }
        if (reply.kind == Kind::Map) count *= 2;
        for (size_t i = 0; i < count; ++i) reply.parts.push_back(value(depth + 1));
    }

    void plain(Reply& reply) {
        const std::string text(
            source_.read_bytes(std::min<size_t>(source_.left(), source_.read_byte() % 40)));
        const auto number = source_.read_little_endian<int64_t>();
        switch (reply.kind) {
            case Kind::Null:
                return encode_null(wire_, 3);
            case Kind::NullArray:
                return encode_null_array(wire_, 2);
            case Kind::Integer:
                reply.integer = number;
                return encode_integer(wire_, number);
            case Kind::Boolean:
                reply.integer = number & 1;
                return encode_boolean(wire_, (number & 1) != 0, 3);
            case Kind::BigNumber:
                reply.text = std::to_string(number) + "00";
                return encode_big_number(wire_, reply.text, 3);
            case Kind::Double: {
                const auto value = std::bit_cast<double>(number);
                char shown[kDoubleCharsMax];
                reply.text.assign(shown, format_double(shown, value));
                return encode_double(wire_, value, 3);
            }
            default:
                return texts(reply, text);
        }
    }

    void texts(Reply& reply, const std::string& text) {
        reply.text = text;
        if (reply.kind == Kind::Bulk) return encode_bulk(wire_, text);
        if (reply.kind == Kind::Verbatim) {
            reply.text = "txt:" + text;
            return encode_verbatim(wire_, "txt", text, 3);
        }
        if (reply.kind == Kind::BulkError) {
            encode_header(wire_, '!', text.size());
            wire_.append(text);
            return wire_.append("\r\n");
        }
        const bool simple = reply.kind == Kind::Simple;
        const auto is_line_end = [](char byte) { return byte == '\r' || byte == '\n'; };
        while (!simple && !reply.text.empty() && is_line_end(reply.text.back()))
            reply.text.pop_back();
        std::replace_if(reply.text.begin(), reply.text.end(), is_line_end, ' ');
        simple ? encode_simple(wire_, text) : encode_error(wire_, text);
    }

    ByteReader& source_;
    ByteBuffer& wire_;
};

}  // namespace
}  // namespace millrace::protocol

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace millrace;
    using namespace millrace::protocol;
    if (size < 2) return 0;
    const size_t piece = 1 + data[1] % 16;
    const std::string_view bytes(reinterpret_cast<const char*>(data + 2), size - 2);
    if (data[0] % 2 == 0) {
        const Transcript whole = read(bytes, bytes.size() + 1);
        CHECK(whole == read(bytes, piece));
        for (const Reply& reply : whole.replies) CHECK(!to_text(reply).empty());
        return 0;
    }
    ByteReader source(bytes);
    ByteBuffer wire;
    const Reply reply = Generator(source, wire).value(0);
    for (const size_t cut : {wire.size() + 1, piece}) {
        const Transcript transcript = read(wire.view(), cut);
        CHECK(transcript.error.empty());
        CHECK(transcript.replies.size() == 1);
        CHECK(transcript.replies[0] == reply);
    }
    CHECK(!to_text(reply).empty());
    return 0;
}
