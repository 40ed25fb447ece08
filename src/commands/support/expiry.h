// SPDX-License-Identifier: BSD-3-Clause
//
// Expiry times as commands take them, and what happens to a key whose new expiry has passed.
//
// Threads: main thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "engine/call.h"

namespace millrace::commands::support {

enum class TimeUnit : uint8_t { Seconds, Milliseconds };
enum class TimeBase : uint8_t { Now, Epoch };

// How a number stands for a moment: EX, PX, EXAT, PXAT.
struct TimeForm {
    TimeUnit unit = TimeUnit::Seconds;
    TimeBase base = TimeBase::Now;
    bool operator==(const TimeForm&) const = default;
};

inline constexpr TimeForm kInSeconds{TimeUnit::Seconds, TimeBase::Now};
inline constexpr TimeForm kInMilliseconds{TimeUnit::Milliseconds, TimeBase::Now};
inline constexpr TimeForm kAtSeconds{TimeUnit::Seconds, TimeBase::Epoch};
inline constexpr TimeForm kAtMilliseconds{TimeUnit::Milliseconds, TimeBase::Epoch};

// The form that an option word announces, if it is one of the four.
std::optional<TimeForm> time_form(const engine::Call& call, size_t at);

// The moment, in Unix milliseconds, that argument `at` names; it may have passed already. An error
// if a count of milliseconds cannot hold it.
Result<int64_t> moment_argument(const engine::Call& call, size_t at, TimeForm form);

// The same for options of commands that write a value: only numbers above 0.
Result<int64_t> expiry_argument(const engine::Call& call, size_t at, TimeForm form);

// Whether a key with this expiry would be gone at once. Not while loading: the log that is being
// replayed says itself when keys go.
bool has_passed(engine::Call& call, int64_t expire_at_ms);

// Removes the key of `edit` as expired, and commits; propagated as a deletion.
void expire_at_once(engine::Call& call, engine::KeyEdit& edit);

}  // namespace millrace::commands::support
