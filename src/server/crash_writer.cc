// SPDX-License-Identifier: BSD-3-Clause
#include "server/crash_writer.h"

#include <execinfo.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

namespace millrace::server {
namespace {

// What a number looks like from its last digit to its first.
size_t digits_backwards(char* out, uint64_t number, unsigned base) {
    size_t count = 0;
    do {
        out[count++] = "0123456789abcdef"[number % base];
        number /= base;
    } while (number != 0);
    return count;
}

}  // namespace

CrashWriter& CrashWriter::text(std::string_view text) {
    while (!text.empty()) {
        if (used_ == buffer_.size()) flush();
        const size_t bytes = std::min(text.size(), buffer_.size() - used_);
        std::copy_n(text.data(), bytes, buffer_.data() + used_);
        used_ += bytes;
        text.remove_prefix(bytes);
    }
    return *this;
}

CrashWriter& CrashWriter::decimal(int64_t number, int digits_min) {
    if (number < 0) text("-");
    const uint64_t magnitude =
        number < 0 ? -static_cast<uint64_t>(number) : static_cast<uint64_t>(number);
    char digits[20];
    size_t count = digits_backwards(digits, magnitude, 10);
    for (auto missing = digits_min - static_cast<int>(count); missing > 0; --missing) text("0");
    while (count > 0) text({&digits[--count], 1});
    return *this;
}

CrashWriter& CrashWriter::hex(uint64_t number, int digits_min) {
    char digits[16];
    size_t count = digits_backwards(digits, number, 16);
    for (auto missing = digits_min - static_cast<int>(count); missing > 0; --missing) text("0");
    while (count > 0) text({&digits[--count], 1});
    return *this;
}

CrashWriter& CrashWriter::line_start(char role, int utc_offset_seconds) {
    constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    const int64_t local = now.tv_sec + utc_offset_seconds;
    constexpr int64_t kDaySeconds = 86400;
    // Calendar arithmetic of <chrono> takes no locks and no memory, unlike localtime().
    const std::chrono::sys_days day{std::chrono::days{local / kDaySeconds}};
    const std::chrono::year_month_day date{day};
    const int64_t second = local % kDaySeconds;

    decimal(getpid()).text(":").text({&role, 1}).text(" ");
    decimal(static_cast<unsigned>(date.day()), 2).text(" ");
    text(kMonths[static_cast<unsigned>(date.month()) - 1]).text(" ");
    decimal(static_cast<int>(date.year())).text(" ");
    decimal(second / 3600, 2)
        .text(":")
        .decimal(second / 60 % 60, 2)
        .text(":")
        .decimal(second % 60, 2);
    return text(".").decimal(now.tv_nsec / 1000000, 3).text(" # ");
}

void CrashWriter::frames(void* const* addresses, int count) {
    flush();
    backtrace_symbols_fd(addresses, count, descriptor_);
}

void CrashWriter::flush() {
    size_t written = 0;
    while (written < used_) {
        const ssize_t result = write(descriptor_, buffer_.data() + written, used_ - written);
        if (result <= 0) break;  // There is nobody left to tell.
        written += static_cast<size_t>(result);
    }
    used_ = 0;
}

}  // namespace millrace::server
