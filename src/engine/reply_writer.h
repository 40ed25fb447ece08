// SPDX-License-Identifier: BSD-3-Clause
//
// How handlers answer. Simple replies become one record of the log and cost a few nanoseconds;
// replies of several parts are encoded into the log's bytes; string values are referred to, never
// copied.
//
//     call.reply().map(2);
//     call.reply().bulk("name"); call.reply().integer(7);
//     call.reply().bulk("value"); call.reply().value(entry);
//
// In RESP2 a map of n is an array of 2n, a set an array, a double a bulk, a null "$-1", a boolean
// an integer.
//
// Owner:   the engine, for the time of one command.
// Threads: main thread.
// Limits:  counts what it writes against the client's output limit (produced()).
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "engine/reply_log.h"
#include "keyspace/limbo.h"
#include "protocol/wire_size.h"

namespace millrace::engine {

// Wire forms that are used everywhere.
namespace wire {
inline constexpr std::string_view kOk = "+OK\r\n";
inline constexpr std::string_view kPong = "+PONG\r\n";
inline constexpr std::string_view kQueued = "+QUEUED\r\n";
inline constexpr std::string_view kNull2 = "$-1\r\n";
inline constexpr std::string_view kNullArray2 = "*-1\r\n";
inline constexpr std::string_view kNull3 = "_\r\n";
inline constexpr std::string_view kEmptyArray = "*0\r\n";
}  // namespace wire

class ReplyWriter {
public:
    ReplyWriter(ReplyLog& log, const keyspace::Limbo& limbo) : log_(log), limbo_(limbo) {}
    ReplyWriter(const ReplyWriter&) = delete;
    ReplyWriter& operator=(const ReplyWriter&) = delete;

    // Begins the reply to one request. `muted` drops everything (CLIENT REPLY OFF).
    void begin(ClientSlot client, uint8_t protocol, bool muted) {
        client_ = client;
        protocol_ = protocol;
        muted_ = muted;
        replies_ = 0;
        produced_ = 0;
        produced_max_ = UINT64_MAX;
        over_limit_ = false;
    }
    // What goes beyond so many bytes is dropped; the client is then closed.
    void limit_to(uint64_t bytes) { produced_max_ = bytes; }
    // Whether anything was dropped; a handler with very much to say may stop then.
    bool over_limit() const { return over_limit_; }
    // From here on it is answered, whatever CLIENT REPLY said.
    void unmute() { muted_ = false; }
    uint8_t protocol() const { return protocol_; }
    void set_protocol(uint8_t protocol) { protocol_ = protocol; }
    // Whether anything was written since begin(); the dispatcher checks that each command answers.
    bool replied() const { return replies_ != 0; }
    // How many parts were written since begin().
    uint64_t replies() const { return replies_; }
    uint64_t produced() const { return produced_; }
    ClientSlot client() const { return client_; }

    void ok() { constant(wire::kOk); }
    // A whole wire form that lives for ever.
    void constant(std::string_view wire_form) {
        ++replies_;
        if (muted_) return;
        produced_ += wire_form.size();
        log_.text(client_, wire_form);
    }
    void integer(int64_t value) {
        ++replies_;
        if (muted_) return;
        produced_ += protocol::integer_bytes(value);
        log_.integer(client_, value);
    }
    // The value of a string entry as a bulk; the entry may be retired at once, limbo keeps it.
    void value(keyspace::Entry& entry) {
        ++replies_;
        if (muted_) return;
        produced_ += protocol::bulk_bytes(
            entry.is_integer() ? protocol::decimal_chars(entry.integer()) : entry.string_bytes());
        if (!entry.is_integer() && entry.string_bytes() >= kPinnedBytesMin) [[unlikely]] {
            entry.pin();
            log_.pinned(client_, entry);
            return;
        }
        limbo_.stamp(entry);
        log_.entry(client_, entry);
        if (produced_ > produced_max_) [[unlikely]]
            give_up();
    }
    // Strings from this size on are sent straight out of their entries.
    static constexpr size_t kPinnedBytesMin = 16 * 1024;
    void null() { constant(protocol_ == 2 ? wire::kNull2 : wire::kNull3); }
    void null_array() { constant(protocol_ == 2 ? wire::kNullArray2 : wire::kNull3); }
    void boolean(bool value);

    void simple(std::string_view text);  // "+text"; no CR or LF.
    void bulk(std::string_view bytes);
    void double_number(double value);
    void big_number(std::string_view digits);
    void verbatim(std::string_view format,
                  std::string_view text);  // Three-letter format; a bulk in RESP2.
    // "-text"; without a code in capitals Valkey's "ERR " goes before it.
    void error(std::string_view text);

    void array(size_t count);
    void map(size_t pairs);
    void set(size_t count);
    void push(size_t count);
    void attribute(size_t pairs);

    // A header whose count follows later: `const auto open = reply.open();` ...
    // `reply.close_array(open, count)`.
    size_t open();
    void close_array(size_t opened, size_t count);
    void close_map(size_t opened, size_t pairs);
    void close_set(size_t opened, size_t count);

    // Bytes that are already in wire form.
    void raw(std::string_view wire_form);

private:
    template <typename Encode>
    void encode(Encode&& encode);
    void close(size_t opened, char kind, size_t count);
    void give_up() {
        over_limit_ = true;
        muted_ = true;
    }

    ReplyLog& log_;
    const keyspace::Limbo& limbo_;
    ClientSlot client_ = 0;
    uint8_t protocol_ = 2;
    bool muted_ = false;
    uint64_t replies_ = 0;
    uint64_t produced_ = 0;
    uint64_t produced_max_ = UINT64_MAX;
    bool over_limit_ = false;
};

}  // namespace millrace::engine
