// SPDX-License-Identifier: BSD-3-Clause
//
// Text for crash reports: written with write(2) alone, from a buffer on the stack, so that it can
// be used in signal handlers, where neither the logger nor memory can be relied on.
//
// Threads: any; each writer belongs to who made it.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace millrace::server {

class CrashWriter {
public:
    explicit CrashWriter(int descriptor) : descriptor_(descriptor) {}
    ~CrashWriter() { flush(); }
    CrashWriter(const CrashWriter&) = delete;
    CrashWriter& operator=(const CrashWriter&) = delete;

    CrashWriter& text(std::string_view text);
    CrashWriter& decimal(int64_t number, int digits_min = 1);
    CrashWriter& hex(uint64_t number, int digits_min = 1);
    CrashWriter& pointer(const void* address) {
        return text("0x").hex(std::bit_cast<uint64_t>(address));
    }

    // The beginning of a log line, "4711:M 23 Nov 2026 23:19:30.946 # ". Local time is
    // `utc_offset_seconds` ahead.
    CrashWriter& line_start(char role, int utc_offset_seconds);

    // Names of the functions at these addresses, one a line: "binary(function+0x12) [0x55f0]".
    void frames(void* const* addresses, int count);

    void flush();
    int descriptor() const { return descriptor_; }

private:
    int descriptor_;
    size_t used_ = 0;
    std::array<char, 1024> buffer_;
};

}  // namespace millrace::server
