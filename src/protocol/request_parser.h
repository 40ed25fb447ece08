// SPDX-License-Identifier: BSD-3-Clause
//
// The parser of client requests: RESP arrays of bulk strings, and inline lines. Bytes in, arguments
// out.
//
// The caller keeps the bytes of one client, from the start of the current request on, and calls
// parse() after each read. The arguments of a whole request are views into those bytes: nothing is
// copied. A bulk that has not arrived completely and is big goes elsewhere, so that it need not
// pass through the input at all:
//
//     parse() -> Incomplete, consumed() > 0   the bytes so far were taken over; drop them
//     big_window()                            receive into this memory, then call big_received()
//     parse(the bytes that follow it)         bytes of the window may come this way too
//
// Owner:   the connection of the client. To reset, assign a new parser.
// Threads: none of its own; it touches only its members and arguments.
// Limits:  RequestLimits and the constants below. A parser that has answered Error must not be used
//          again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::protocol {

inline constexpr size_t kInlineBytesMax = 64 * 1024;  // An inline request, or one length line.
inline constexpr int64_t kArgumentCountMax = INT32_MAX;
inline constexpr int64_t kUnauthenticatedArgumentCountMax = 10;
inline constexpr int64_t kUnauthenticatedBulkBytesMax = 16384;

struct RequestLimits {
    int64_t bulk_bytes_max = int64_t{512} << 20;  // proto-max-bulk-len
    bool authenticated = true;
    size_t big_argument_bytes = 16 * 1024;
};

// Gives the memory for big arguments; the sink owns that memory.
class BigArgumentSink {
public:
    virtual ~BigArgumentSink() = default;

    // Memory for the `bytes` of argument number `arguments_before.size()`, of `argument_count` in
    // all. Null refuses: that argument then stays in the input. The memory must stay until the
    // request is over.
    virtual char* begin(std::span<const std::string_view> arguments_before, size_t argument_count,
                        size_t bytes) = 0;
};

class RequestParser {
public:
    enum class Outcome : uint8_t {
        Request,     // arguments() holds one request, of at least one argument.
        Empty,       // Nothing to run, such as "*0" or a blank line: skip consumed() bytes.
        Incomplete,  // More bytes are needed.
        Error,       // error() goes to the client and the connection is closed.
    };

    // `input` begins with the current request. After Incomplete the same bytes come again, without
    // the consumed() ones, with more behind them, and perhaps at another place.
    Outcome parse(std::string_view input, const RequestLimits& limits, BigArgumentSink& sink);

    // The bytes of `input` that are used up. With Incomplete it is 0 unless a big argument took
    // bytes over.
    size_t consumed() const { return consumed_; }

    // Valid after Request, until the next parse() and as long as the input stays where it is.
    std::span<const std::string_view> arguments() const {
        return {arguments_.data(), argument_count_};
    }

    // Where the rest of a big argument belongs; empty when none is being received.
    std::span<char> big_window() const { return {big_next_, big_bytes_left_}; }
    void big_received(size_t bytes);

    // The text after '-', without a line end. Valid after Error.
    std::string_view error() const { return error_; }
    // The same in the words of Valkey's log, and where in the input that begins which is wrong.
    std::string_view error_reason() const { return error_reason_; }
    size_t error_position() const { return position_; }

    // The bytes on the wire of the request that parse() has just completed.
    size_t request_bytes() const { return taken_over_bytes_ + consumed_; }

    // The memory held besides the input and big arguments.
    size_t memory_bytes() const;

private:
    enum class Step : uint8_t {
        Start,     // Nothing of the request is known.
        Count,     // In the line of '*'; the first byte was seen.
        Inline,    // In an inline request.
        Length,    // Before or in the line of '$'.
        Bytes,     // In the bytes of an argument, length_ of them.
        BigBytes,  // In the bytes of a big argument.
        BigEnd,    // Behind them.
    };

    // An argument of an unfinished request. It lies at an offset in the input or in saved_, or is a
    // big one at an address.
    struct Parked {
        enum Place : uint64_t { kInput, kSaved, kBig };
        uint64_t at;
        uint64_t length : 62;
        uint64_t place : 2;
    };

    // The input of one parse().
    struct Source {
        std::string_view input;
        const RequestLimits& limits;
        BigArgumentSink& sink;
    };

    // Each returns Request when its step is over and the next one may begin.
    Outcome parse_count(const Source& source);
    Outcome parse_lengths(const Source& source);
    Outcome parse_bytes(const Source& source);
    Outcome parse_big_bytes(const Source& source);
    Outcome parse_big_end(const Source& source);
    Outcome parse_inline(const Source& source);
    Outcome split_inline(std::string_view line);

    Outcome advance(const Source& source);
    Outcome find_line(std::string_view input, std::string_view too_long);
    Outcome begin_big(const Source& source);
    Outcome incomplete(const Source& source);
    Outcome finish(std::string_view input, size_t used);
    Outcome empty(size_t used);
    Outcome fail(std::string_view text, std::string_view reason);
    void start_request();
    void make_room();
    void park_views(std::string_view input);
    void unpark(std::string_view input);
    void save_input_arguments(std::string_view input);

    std::vector<std::string_view> arguments_;  // Its size is the room, argument_count_ the use.
    size_t argument_count_ = 0;                // Without parked ones until the request is finished.
    size_t consumed_ = 0;
    size_t expected_ = 0;  // Arguments of the request.
    size_t position_ = 0;  // Where the step begins in the input.
    size_t searched_ = 0;  // Bytes behind position_ that hold no line end.
    size_t length_ = 0;
    size_t taken_over_bytes_ = 0;
    std::vector<Parked> parked_;  // The arguments before those in arguments_.
    std::string saved_;
    char* big_next_ = nullptr;
    size_t big_bytes_left_ = 0;
    std::string error_;
    std::string_view error_reason_;  // Constant texts.
    Step step_ = Step::Start;
    bool big_refused_ = false;  // By the sink, for the argument of this step.
    bool untidy_ = false;       // The last request left something to free.
};

}  // namespace millrace::protocol
