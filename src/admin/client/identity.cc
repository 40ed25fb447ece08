// SPDX-License-Identifier: BSD-3-Clause
//
// CLIENT CAPA, GETNAME, SETNAME, SETINFO, IMPORT-SOURCE, NO-EVICT, NO-TOUCH: what a connection says
// about itself.

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "admin/client/handlers.h"
#include "admin/setting_value.h"
#include "base/token.h"

namespace millrace::admin::client {
namespace {

// Visible ASCII without spaces, so that the lines of CLIENT LIST stay whole.
bool fits_into_a_line(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= '!' && c <= '~'; });
}

}  // namespace

Result<bool> on_or_off(engine::Call& call, size_t at) {
    if (call.arg_is(at, "ON")) return true;
    if (call.arg_is(at, "OFF")) return false;
    return engine::errors::kSyntax;
}

Status capa(engine::Call& call) {
    // Compat: unknown capabilities are accepted, so that newer clients need not ask first.
    for (size_t at = 2; at < call.count(); ++at) {
        if (call.arg_is(at, "REDIRECT")) call.session().capa_redirect = true;
    }
    call.reply().ok();
    return done();
}

Status getname(engine::Call& call) {
    if (call.session().name.empty()) {
        call.reply().null();
    } else {
        call.reply().bulk(call.session().name);
    }
    return done();
}

Status check_name(std::string_view name) {
    if (fits_into_a_line(until_zero(name))) return done();
    return ErrorText{"ERR Client names cannot contain spaces, newlines or special characters."};
}

Status setname(engine::Call& call) {
    (void)TRY(check_name(call.arg(2)));
    call.session().name = call.arg(2);
    call.reply().ok();
    return done();
}

Status setinfo(engine::Call& call) {
    const bool is_name = call.arg_is(2, "LIB-NAME");
    if (!is_name && !call.arg_is(2, "LIB-VER")) {
        return Error(fmt::format("ERR Unrecognized option '{}'", until_zero(call.arg(2))));
    }
    if (!fits_into_a_line(until_zero(call.arg(3)))) {
        return Error(fmt::format("ERR {} cannot contain spaces, newlines or special characters.",
                                 until_zero(call.arg(2))));
    }
    (is_name ? call.session().library_name : call.session().library_version) = call.arg(3);
    call.reply().ok();
    return done();
}

Status import_source(engine::Call& call) {
    if (!call.keyspace().imports() && !call.arg_is(2, "OFF")) {
        return ErrorText{"ERR Server is not in import mode"};
    }
    call.session().set(engine::kImportSource, TRY(on_or_off(call, 2)));
    call.reply().ok();
    return done();
}

Status no_evict(engine::Call& call) {
    call.session().no_evict = TRY(on_or_off(call, 2));
    call.reply().ok();
    return done();
}

Status no_touch(engine::Call& call) {
    call.session().set(engine::kNoTouch, TRY(on_or_off(call, 2)));
    call.reply().ok();
    return done();
}

}  // namespace millrace::admin::client
