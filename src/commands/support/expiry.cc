// SPDX-License-Identifier: BSD-3-Clause
#include "commands/support/expiry.h"

#include <string>

#include "engine/command_registry.h"

namespace millrace::commands::support {

using namespace engine;

namespace {

Error invalid_expiry(const Call& call) {
    return Error("ERR invalid expire time in '" + call.command().full_name() + "' command");
}

Result<int64_t> moment(const Call& call, int64_t number, TimeForm form) {
    int64_t at_ms = number;
    if (form.unit == TimeUnit::Seconds && __builtin_mul_overflow(number, 1000, &at_ms)) {
        return invalid_expiry(call);
    }
    if (form.base == TimeBase::Now && __builtin_add_overflow(at_ms, call.now_ms(), &at_ms)) {
        return invalid_expiry(call);
    }
    return at_ms;
}

}  // namespace

std::optional<TimeForm> time_form(const Call& call, size_t at) {
    if (call.arg_is(at, "EX")) return kInSeconds;
    if (call.arg_is(at, "PX")) return kInMilliseconds;
    if (call.arg_is(at, "EXAT")) return kAtSeconds;
    if (call.arg_is(at, "PXAT")) return kAtMilliseconds;
    return std::nullopt;
}

Result<int64_t> moment_argument(const Call& call, size_t at, TimeForm form) {
    return moment(call, TRY(call.integer(at)), form);
}

Result<int64_t> expiry_argument(const Call& call, size_t at, TimeForm form) {
    const int64_t number = TRY(call.integer(at));
    if (number <= 0) return invalid_expiry(call);
    return moment(call, number, form);
}

bool has_passed(Call& call, int64_t expire_at_ms) {
    return expire_at_ms <= call.now_ms() && !call.keyspace().imports() &&
           (call.engine().conditions() & kLoadingData) == 0;
}

void expire_at_once(Call& call, KeyEdit& edit) {
    const std::string_view key = edit.key();
    ++call.keyspace().counters().expired;
    edit.remove();
    edit.commit(EventClass::Expired, "expired");
    call.propagate_as({call.settings().lazyfree_expire ? "UNLINK" : "DEL", key});
}

}  // namespace millrace::commands::support
