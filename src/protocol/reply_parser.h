// SPDX-License-Identifier: BSD-3-Clause
//
// The other end of the reply encoder: reads replies of RESP2 and RESP3 into trees, and shows them
// as text. For tests, tools, and links to other servers; not for the request path.
//
// The text is the language of transcripts. One line for what has no parts:
//
//     +OK                     simple string            (nil)         null, "$-1" or "_"
//     -ERR unknown command    error                    (nil array)   null, "*-1"
//     :5                      integer                  ,1.5          double
//     "a\nb"                  bulk, as quote() does    #t            boolean
//     =txt:"a\nb"             verbatim                 (123          big number
//     !"SYNTAX no"            bulk error               (empty map)   also array, set, push
//
// The parts of an array get numbers, and each begins a line. A part with parts begins on the same
// line; its further lines are indented to stand below its first. Sets and pushes have other marks:
//
//     1) :1                   1~ "of a set"            1> "of a push"
//     2) 1) "inner"           2~ "of a set"            2> "of a push"
//        2) "inner"
//
// A map has "=>" between a key and its value, and a value with parts begins a line of its own.
// Attributes stand before the value that they belong to, and look like a map with the mark "|":
//
//     1# "key" => :1          1| "popularity" => ,0.5
//     2# "list" =>            "the value"
//        1) :1
//
// In errors and simple strings, bytes that are not printable are shown as \xHH.
//
// Owner:   whoever reads the connection.
// Threads: any, one at a time.
// Limits:  kReplyDepthMax, kReplyBytesMax. Memory follows what has arrived.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::protocol {

inline constexpr size_t kReplyDepthMax = 64;
inline constexpr size_t kReplyBytesMax = size_t{512} << 20;  // Of one line or bulk.

struct Reply {
    enum class Kind : uint8_t {
        Null,
        NullArray,
        Simple,
        Error,
        Bulk,
        BulkError,
        Verbatim,   // text is "txt:" and so on, then the text.
        Integer,    // integer
        Double,     // text, as it came
        BigNumber,  // text
        Boolean,    // integer, 0 or 1
        Array,      // parts
        Set,        // parts
        Push,       // parts
        Map,        // parts: key, value, key, value
    };

    Kind kind = Kind::Null;
    int64_t integer = 0;
    std::string text;
    std::vector<Reply> parts;
    std::vector<Reply> attributes;  // As the parts of a map.

    bool is_error() const { return kind == Kind::Error || kind == Kind::BulkError; }
    bool has_parts() const { return kind >= Kind::Array; }
    bool operator==(const Reply&) const = default;
};

// `reply` in the language above, without a line end behind the last line.
std::string to_text(const Reply& reply);

class ReplyParser {
public:
    enum class Outcome : uint8_t {
        Reply,       // reply() holds one.
        Incomplete,  // More bytes are needed.
        Error,       // The bytes are no reply; error() says why, and the parser is at its end.
    };

    // After any outcome the first consumed() bytes are used up, and must not come again.
    Outcome parse(std::string_view input);
    size_t consumed() const { return consumed_; }

    // Valid after Outcome::Reply, until the next parse(); may be moved from.
    Reply& reply() { return reply_; }
    std::string_view error() const { return error_; }

private:
    enum class Step : uint8_t { Reply, Part, Wait, Bad };

    // A value whose parts are still to come.
    struct Open {
        Reply value;
        size_t left = 0;
        bool is_attribute = false;      // Only its parts count, for the value that follows.
        std::vector<Reply> attributes;  // Of the next part.
    };

    Step parse_next(std::string_view input);
    Step parse_line(char type, std::string_view line);
    Step parse_bulk(char type, std::string_view line, std::string_view rest);
    Step open_parts(char type, std::string_view line);
    Step close(Reply value);
    Step bad(std::string_view text);
    std::vector<Reply>& waiting_attributes();

    std::vector<Open> open_;
    std::vector<Reply> attributes_;  // Of the whole reply.
    Reply reply_;
    std::string error_;
    size_t consumed_ = 0;
    size_t searched_ = 0;  // Bytes behind consumed_ that hold no line end.
};

}  // namespace millrace::protocol
