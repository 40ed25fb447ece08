// SPDX-License-Identifier: BSD-3-Clause
//
// What the main thread has to say to clients, as a list of records in the order of execution. An
// I/O side turns it into bytes on sockets; tests turn it into text.
//
// A record is 16 bytes. It refers to what it says: a constant text, an integer, a published string
// entry, or a stretch of `bytes`. Entries referred to stay alive until the log is completed
// (keyspace/limbo.h); nothing is counted.
//
// Owner:   the batch that holds it; it moves to the I/O side and back with that batch.
// Threads: written on the main thread, read on the I/O side.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/byte_buffer.h"
#include "keyspace/entry.h"

namespace millrace::engine {

// A client's place in the tables of both sides.
using ClientSlot = uint32_t;

enum class ReplyKind : uint8_t {
    // What a client reads.
    Text,     // `payload` points to `size` bytes that live for ever.
    Integer,  // ":payload".
    Entry,    // A bulk string: the value of the entry at `payload`.
    Pinned,   // The same, of a large string that is sent straight out of its entry and was counted
              // in it.
    Bytes,    // `payload` is offset << 32 | length in the log's bytes.
    // What the I/O side of a connection must do; `size` and `payload` as ClientOrder says.
    Order,
};

enum class ClientOrder : uint16_t {
    Resume,        // A parser barrier has run; payload: ReadingRules::pack().
    CloseWritten,  // Close once everything before this has been written.
    CloseNow,      // Close at once, dropping what is unsent.
    Release,       // The main thread has forgotten the client; free the connection.
    Freeze,        // Stop reading, and say so once nothing is in flight: the connection is to move.
    Detach,        // Give the frozen connection back; nothing more is said to it here.
    Adopt,         // Take over the connection object at `payload`.
};

// How the bytes of a client are to be read; sent with Resume.
struct ReadingRules {
    bool authenticated = true;
    uint8_t protocol = 2;

    uint64_t pack() const { return (authenticated ? 1u : 0u) | (uint64_t{protocol} << 8); }
    static ReadingRules unpack(uint64_t word) {
        return {.authenticated = (word & 1) != 0, .protocol = static_cast<uint8_t>(word >> 8)};
    }
};

struct ReplyRecord {
    ClientSlot client;
    ReplyKind kind;
    uint8_t unused;
    uint16_t size;
    uint64_t payload;

    std::string_view text() const { return {reinterpret_cast<const char*>(payload), size}; }
    const keyspace::Entry& entry() const {
        return *reinterpret_cast<const keyspace::Entry*>(payload);
    }
    ClientOrder order() const { return static_cast<ClientOrder>(size); }
};
static_assert(sizeof(ReplyRecord) == 16);

class ReplyLog {
public:
    void text(ClientSlot client, std::string_view constant) {
        DCHECK(constant.size() <= UINT16_MAX);
        add(client, ReplyKind::Text, static_cast<uint16_t>(constant.size()),
            reinterpret_cast<uint64_t>(constant.data()));
    }
    void integer(ClientSlot client, int64_t value) {
        add(client, ReplyKind::Integer, 0, static_cast<uint64_t>(value));
    }
    void entry(ClientSlot client, const keyspace::Entry& entry) {
        add(client, ReplyKind::Entry, 0, reinterpret_cast<uint64_t>(&entry));
    }
    void pinned(ClientSlot client, const keyspace::Entry& entry) {
        add(client, ReplyKind::Pinned, 0, reinterpret_cast<uint64_t>(&entry));
    }
    void order(ClientSlot client, ClientOrder order, uint64_t payload = 0) {
        add(client, ReplyKind::Order, static_cast<uint16_t>(order), payload);
    }
    // Opens a stretch of bytes; what is appended to bytes() until close_bytes() belongs to it.
    size_t open_bytes() const { return bytes_.size(); }
    // Stretches of one client that touch become one record.
    void close_bytes(ClientSlot client, size_t opened) {
        const size_t length = bytes_.size() - opened;
        if (length == 0) return;
        CHECK(bytes_.size() <= UINT32_MAX);
        if (opened == last_end_ && client == records_.back().client) {
            records_.back().payload += length;
        } else {
            add(client, ReplyKind::Bytes, 0, (uint64_t{opened} << 32) | length);
        }
        last_end_ = bytes_.size();
    }
    // Lets a client read a stretch that is there for several.
    void share(ClientSlot client, size_t opened, size_t length) {
        CHECK(bytes_.size() <= UINT32_MAX);
        add(client, ReplyKind::Bytes, 0, (uint64_t{opened} << 32) | length);
    }
    // A record to be filled in later with fill(), for headers whose count is not known yet.
    size_t reserve(ClientSlot client) {
        add(client, ReplyKind::Bytes, 0, 0);
        return records_.size() - 1;
    }
    void fill(size_t reserved, size_t opened) {
        CHECK(bytes_.size() <= UINT32_MAX);
        records_[reserved].payload = (uint64_t{opened} << 32) | (bytes_.size() - opened);
    }

    // Appends another log's records and bytes.
    void append(const ReplyLog& other) {
        const size_t shift = bytes_.size();
        bytes_.append(other.bytes_.view());
        CHECK(bytes_.size() <= UINT32_MAX);
        for (ReplyRecord record : other.records_) {
            if (record.kind == ReplyKind::Bytes) record.payload += uint64_t{shift} << 32;
            records_.push_back(record);
        }
        last_end_ = kNotBytes;
    }

    ByteBuffer& bytes() { return bytes_; }
    const std::vector<ReplyRecord>& records() const { return records_; }
    std::string_view stretch(const ReplyRecord& record) const {
        return {bytes_.data() + (record.payload >> 32), record.payload & UINT32_MAX};
    }
    bool empty() const { return records_.empty(); }

    void clear() {
        records_.clear();
        bytes_.clear();
        last_end_ = kNotBytes;
    }

private:
    static constexpr size_t kNotBytes = SIZE_MAX;

    void add(ClientSlot client, ReplyKind kind, uint16_t size, uint64_t payload) {
        records_.push_back({client, kind, 0, size, payload});
        last_end_ = kNotBytes;
    }
    std::vector<ReplyRecord> records_;
    ByteBuffer bytes_;
    size_t last_end_ = kNotBytes;  // Where the last record's bytes end, if close_bytes() made it.
};

}  // namespace millrace::engine
