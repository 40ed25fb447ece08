// SPDX-License-Identifier: BSD-3-Clause
//
// Writes the elements of the RDB format to a sink: lengths, strings, numbers.
//
// After the first failure of the sink everything else is dropped; status() tells.
//
// Owner:   whoever writes.
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/byte_buffer.h"
#include "base/result.h"
#include "persistence/rdb/format.h"

namespace millrace::persistence::rdb {

// Where the bytes go.
class ByteSink {
public:
    virtual ~ByteSink() = default;
    virtual Status write(std::string_view bytes) = 0;
};

class BufferSink final : public ByteSink {
public:
    Status write(std::string_view bytes) override {
        bytes_.append(bytes);
        return done();
    }
    std::string_view view() const { return bytes_.view(); }

private:
    ByteBuffer bytes_;
};

// A stretch of what was written that may still be compressed: a string without its length.
struct PlainString {
    size_t offset;
    size_t bytes;
};

struct WriterOptions {
    bool compress = true;
    bool checksum = true;
    // Where to note strings that are worth compressing, in order, instead of doing it; whoever
    // copies the bytes writes them with string().
    std::vector<PlainString>* compress_later = nullptr;
};

class Writer {
public:
    Writer(ByteSink& sink, const WriterOptions& options) : sink_(sink), options_(options) {}
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    void byte(uint8_t value) { raw({reinterpret_cast<const char*>(&value), 1}); }
    void type(Type type) { byte(static_cast<uint8_t>(type)); }
    void opcode(Opcode code) { byte(static_cast<uint8_t>(code)); }
    void length(uint64_t value);
    // In the shortest form: as an integer, compressed, or as it is.
    void string(std::string_view text);
    void string(int64_t number);
    // A string of `plain_bytes` that LZF has made this of.
    void compressed(std::string_view lzf, size_t plain_bytes);
    void little_endian(uint64_t value);
    void big_endian(uint64_t value);
    void number(double value);
    void raw(std::string_view bytes);

    uint64_t written() const { return flushed_ + pending_.size(); }
    const Status& status() const { return status_; }
    // Hands on what has been written so far.
    Status flush();
    // Of everything that has been flushed; 0 when nobody wants it.
    uint64_t checksum() const { return checksum_; }
    const WriterOptions& options() const { return options_; }

private:
    static constexpr size_t kFlushedFrom = size_t{256} << 10;

    bool try_integer(int64_t number);
    bool try_compressed(std::string_view text);

    ByteSink& sink_;
    const WriterOptions options_;
    ByteBuffer pending_;
    ByteBuffer compressed_;
    uint64_t checksum_ = 0;
    uint64_t flushed_ = 0;
    Status status_ = done();
};

}  // namespace millrace::persistence::rdb
