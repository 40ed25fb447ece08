// SPDX-License-Identifier: BSD-3-Clause
#include "threads/settings.h"

#include <limits>
#include <string>

namespace millrace::threads {
namespace {

using namespace config;  // The kinds and flags of settings.

constexpr int64_t kIntMax = std::numeric_limits<int32_t>::max();

Result<IoThreads> parse_io_threads(Words words, const ParseContext<IoThreads>&) {
    if (equal_ignoring_case(words[0], "auto")) return IoThreads{0};
    return IoThreads{TRY(parse_integer(words[0], Unit::Plain, 1, kIoThreadsMax))};
}

std::string print_io_threads(const IoThreads& threads) {
    return threads.automatic() ? "auto" : std::to_string(threads.count);
}

}  // namespace

void register_settings(Registry& registry, Settings& settings) {
    registry.add_custom<IoThreads>("io-threads", settings.io_threads,
                                   {.parse = parse_io_threads, .print = print_io_threads});
    registry.add_bool("io-threads-always-active", settings.io_threads_always_active,
                      {.flags = kHidden});
    registry.add_integer("prefetch-batch-max-size", settings.prefetch_batch_max_size,
                         {.min = 0, .max = 128});
    registry.add_integer("min-io-threads-avoid-copy-reply",
                         settings.min_io_threads_avoid_copy_reply,
                         {.min = 0, .max = kIntMax, .flags = kHidden});
    registry.add_integer("min-string-size-avoid-copy-reply",
                         settings.min_string_size_avoid_copy_reply,
                         {.min = 0, .max = kIntMax, .flags = kHidden});
    registry.add_integer("min-string-size-avoid-copy-reply-threaded",
                         settings.min_string_size_avoid_copy_reply_threaded,
                         {.min = 0, .max = kIntMax, .flags = kHidden});
}

}  // namespace millrace::threads
