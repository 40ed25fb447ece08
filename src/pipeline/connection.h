// SPDX-License-Identifier: BSD-3-Clause
//
// The I/O side of one client: transport, input and output bytes, request parser.
//
// Owner:   the I/O side that serves the client; moves to another only while nothing is in flight
// (rule R3). Threads: I/O side only. The main thread knows it by slot and generation and talks to
// it through records. Limits:  input is limited by client-query-buffer-limit (a copy of the
// setting, in IoSettings); output is limited where
//          replies are made, by what Traffic says was written.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/byte_buffer.h"
#include "base/thread_role.h"
#include "engine/session.h"
#include "net/transport.h"
#include "pipeline/batch.h"
#include "pipeline/output_queue.h"
#include "pipeline/resolve.h"
#include "protocol/request_parser.h"

namespace millrace::pipeline {

// Copies of the settings that I/O sides read; a change arrives as a new immutable version.
struct IoSettings {
    int64_t query_buffer_bytes_max = int64_t{1} << 30;
    int64_t bulk_bytes_max = int64_t{512} << 20;
};

// Where a connection puts its requests: the open batch of its I/O side.
class RequestSink {
public:
    virtual ~RequestSink() = default;
    // Whether there is room for a request; none while the side has used up its credits.
    virtual bool has_room() = 0;
    // A fresh request in the batch that is being filled; only after has_room().
    virtual engine::Request& next_request() = 0;
    virtual Batch& batch() = 0;  // The one that the last next_request() belongs to.
};

// What a connection needs of its side while it reads.
struct ReadContext {
    Resolver& resolver;
    const IoSettings& settings;
    RequestSink& sink;
    std::span<char> scratch;  // Input that needs no buffer of its own passes through here.
    size_t requests_max;      // Of one connection, until others have had their turn.
};

enum class ReadOutcome : uint8_t {
    Drained,  // Nothing more for now; the poller will tell.
    More,     // The turn's share is used up, or a credit is missing: to be called again.
    Waiting,  // A parser barrier, or too much in flight: to be called after the next completion.
};

enum class WriteOutcome : uint8_t { Done, Blocked, More };

class Connection final : private protocol::BigArgumentSink {
public:
    // The main thread makes it and hands it over with an Adopt order.
    Connection(engine::ClientSlot slot, uint32_t generation,
               std::unique_ptr<net::Transport> transport, std::shared_ptr<engine::Traffic> traffic,
               engine::ReadingRules rules);
    ~Connection() override;

    engine::ClientSlot slot() const { return slot_; }
    uint32_t generation() const { return generation_; }
    int descriptor() const { return transport_->descriptor(); }

    // Reads what the socket has and adds whole requests to the sink's batches, up to the turn's
    // share, a barrier, or the end of the credits.
    ReadOutcome read(ReadContext& context) ON_IO_SIDE;

    // Where completed replies are encoded to.
    OutputQueue& output() { return output_; }
    // Writes what waits; values that are done are appended to `unpinned`.
    WriteOutcome write(std::vector<const keyspace::Entry*>& unpinned) ON_IO_SIDE;

    uint64_t bytes_read() const { return bytes_read_; }
    uint64_t bytes_written() const { return bytes_written_; }
    // Memory of its input and output.
    uint64_t buffer_bytes() const {
        return input_.capacity() + parser_.memory_bytes() + arriving_bytes_ +
               output_.memory_bytes();
    }
    void poller_said(bool readable, bool hung_up);
    void request_completed() { --in_flight_; }
    void resume(engine::ReadingRules rules);
    void freeze() { frozen_ = true; }
    void thaw() { frozen_ = false; }
    bool frozen() const { return frozen_; }
    void close_written() { closing_ = true; }
    void close_now(std::vector<const keyspace::Entry*>& unpinned);
    bool idle() const { return in_flight_ == 0; }
    bool wants_read() const { return readable_ && !ended_; }
    bool has_ended() const { return ended_; }
    // Whether the main thread must still be told that the peer has gone, or that all is written
    // that was to be.
    bool must_report() const { return (ended_ || (closing_ && output_.empty())) && !reported_; }
    void set_reported() { reported_ = true; }

    // Marks of the side's lists, so that a connection stands in each at most once.
    bool in_read_list = false;
    bool in_write_list = false;
    bool report_frozen = false;
    bool report_detached = false;
    uint64_t buffer_bytes_counted = 0;  // By its sides, together.

private:
    enum class Parsing : uint8_t { Starved, Stopped, ShareUsed, Broken };

    char* begin(std::span<const std::string_view> arguments_before, size_t argument_count,
                size_t bytes) override;

    ReadOutcome receive(ReadContext& context);
    Parsing parse(std::string_view bytes, size_t& used, ReadContext& context);
    void emit(ReadContext& context);
    // What `texts` say, RequestKind tells.
    void emit_problem(ReadContext& context, engine::RequestKind kind,
                      std::initializer_list<std::string_view> texts);
    bool over_limit(const ReadContext& context) const;
    void keep_rest(std::string_view rest);
    void publish_traffic();
    // Of the large arguments of a request that is not complete.
    size_t arrived_bytes() const { return arriving_bytes_ - parser_.big_window().size(); }

    const engine::ClientSlot slot_;
    const uint32_t generation_;
    std::unique_ptr<net::Transport> transport_;
    std::shared_ptr<engine::Traffic> traffic_;
    protocol::RequestParser parser_;
    protocol::RequestLimits limits_;

    ByteBuffer input_;  // Bytes of an unfinished request, and what could not be parsed yet.
    size_t input_begin_ = 0;
    size_t requests_left_ = 0;  // Of the share that the current read() began with.
    keyspace::Entry* arriving_entry_ =
        nullptr;  // A large value that is received straight into place.
    std::vector<std::unique_ptr<char[]>> arriving_;  // Other large arguments.
    Resolver* resolver_ = nullptr;                   // During parse(), for begin().
    size_t arriving_bytes_ = 0;

    OutputQueue output_;
    uint64_t in_flight_ = 0;
    uint64_t bytes_read_ = 0;
    uint64_t bytes_written_ = 0;
    bool handshaken_ = false;
    bool readable_ = true;  // An edge has been seen, or not yet looked for.
    bool hung_up_ = false;
    bool barrier_ = false;
    bool frozen_ = false;
    bool closing_ = false;
    bool broken_ = false;  // A protocol error: nothing more is parsed.
    bool ended_ = false;
    bool reported_ = false;
};

}  // namespace millrace::pipeline
