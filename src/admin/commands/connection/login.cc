// SPDX-License-Identifier: BSD-3-Clause
//
// AUTH, HELLO: who the client is, and which version of the protocol it speaks.

#include <cstdint>
#include <string>
#include <string_view>

#include "admin/client/handlers.h"
#include "base/numbers.h"
#include "base/token.h"
#include "engine/acl/access_control.h"
#include "engine/command.h"

namespace millrace::admin::commands::connection::login {
namespace {

using namespace engine;

Status auth(Call& call);
Status hello(Call& call);

constexpr Arg kAuthArgs[] = {
    {.name = "username", .type = ArgType::String, .flags = kOptional, .since = "6.0.0"},
    {"password", ArgType::String},
};
constexpr HistoryEntry kAuthHistory[] = {{"6.0.0", "Takes a user name before the password."}};
constexpr Arg kHelloArgumentsAuthArgs[] = {
    {"username", ArgType::String},
    {"password", ArgType::String},
};
constexpr Arg kHelloArgumentsArgs[] = {
    {"protover", ArgType::Integer},
    {.name = "auth",
     .type = ArgType::Block,
     .token = "AUTH",
     .flags = kOptional,
     .children = kHelloArgumentsAuthArgs},
    {.name = "clientname", .type = ArgType::String, .token = "SETNAME", .flags = kOptional},
};
constexpr Arg kHelloArgs[] = {
    {.name = "arguments",
     .type = ArgType::Block,
     .flags = kOptional,
     .children = kHelloArgumentsArgs},
};
constexpr HistoryEntry kHelloHistory[] = {
    {"8.1.0", "The reply has `availability_zone` if the setting `availability-zone` is not empty."},
    {"6.2.0", "Without a version it reports the state of the connection."},
};

constexpr CommandSpec kCommands[] = {
    {.name = "AUTH",
     .summary = "Logs the client in.",
     .since = "1.0.0",
     .group = Group::Connection,
     .complexity = "O(N), N being the passwords of the user",
     .arity = -2,
     .flags = kNoScript | kLoading | kStale | kFast | kNoAuth | kAllowBusy | kBarrier | kSentinel,
     .args = kAuthArgs,
     .history = kAuthHistory,
     .run = auth},
    {.name = "HELLO",
     .summary = "Agrees on the protocol version, and logs in and names the client if wanted.",
     .since = "6.0.0",
     .group = Group::Connection,
     .complexity = "O(1)",
     .arity = -1,
     .flags = kNoScript | kLoading | kStale | kFast | kNoAuth | kAllowBusy | kBarrier | kSentinel,
     .args = kHelloArgs,
     .history = kHelloHistory,
     .run = hello},
};

constexpr ErrorText kNoPassword{
    "ERR AUTH <password> called without any password configured for the default user. "
    "Are you sure your configuration is correct?"};
constexpr ErrorText kBadVersion{"ERR Protocol version is not an integer or out of range"};
constexpr ErrorText kUnknownVersion{"NOPROTO unsupported protocol version"};
constexpr ErrorText kHelloNoAuth{
    "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO "
    "<proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP "
    "protocol version at the same time"};

Status auth(Call& call) {
    if (call.count() > 3) return errors::kSyntax;
    for (size_t at = 1; at < call.count(); ++at) call.redact(at);
    const bool has_user = call.count() == 3;
    engine::acl::AccessControl& access = call.engine().access();
    if (!has_user && access.default_user().has_no_password()) return kNoPassword;
    const std::string_view user = has_user ? call.arg(1) : "default";
    TRY(access.log_in(call.session(), user, call.arg(has_user ? 2 : 1), call.arg(0)));
    call.reply().ok();
    return done();
}

struct Greeting {
    uint8_t protocol;
    size_t user_at = 0;  // 0: no AUTH.
    size_t name_at = 0;  // 0: no SETNAME.
};

Result<Greeting> parse_greeting(Call& call) {
    Greeting greeting{.protocol = call.session().protocol};
    if (call.count() == 1) return greeting;
    const auto version = parse_integer(call.arg(1));
    if (!version) return kBadVersion;
    if (*version < 2 || *version > 3) return kUnknownVersion;
    greeting.protocol = static_cast<uint8_t>(*version);

    for (size_t at = 2; at < call.count();) {
        if (call.arg_is(at, "AUTH") && at + 2 < call.count()) {
            greeting.user_at = at + 1;
            call.redact(at + 1);
            call.redact(at + 2);
            at += 3;
        } else if (call.arg_is(at, "SETNAME") && at + 1 < call.count()) {
            (void)TRY(client::check_name(call.arg(at + 1)));
            greeting.name_at = at + 1;
            at += 2;
        } else {
            return Error("ERR Syntax error in HELLO option '" +
                         std::string(until_zero(call.arg(at))) + "'");
        }
    }
    return greeting;
}

void reply_module(ReplyWriter& reply) {
    reply.map(4);
    reply.bulk("name");
    reply.bulk("lua");
    reply.bulk("ver");
    reply.integer(1);
    reply.bulk("path");
    reply.bulk("lua");
    reply.bulk("args");
    reply.array(0);
}

void reply_facts(Call& call) {
    const observe::ServerFacts& facts = call.engine().server().facts;
    const bool has_zone = !facts.availability_zone.empty();
    ReplyWriter& reply = call.reply();
    const bool has_role = facts.mode != "sentinel";
    reply.map(6u + (has_role ? 1 : 0) + (has_zone ? 1 : 0));
    reply.bulk("server");
    const bool as_redis = call.settings().extended_redis_compatibility;
    reply.bulk(as_redis ? "redis" : facts.kServerName);
    reply.bulk("version");
    reply.bulk(as_redis ? facts.kRedisVersion : facts.kValkeyVersion);
    reply.bulk("proto");
    reply.integer(call.session().protocol);
    reply.bulk("id");
    reply.integer(static_cast<int64_t>(call.session().id()));
    reply.bulk("mode");
    reply.bulk(facts.mode);
    if (has_role) {
        reply.bulk("role");
        reply.bulk("master");
    }
    reply.bulk("modules");
    // Compat: Valkey's Lua engine is a module, and shows.
    reply.array(1);
    reply_module(reply);
    if (has_zone) {
        reply.bulk("availability_zone");
        reply.bulk(facts.availability_zone);
    }
}

// Compat: all options are read before any of them has an effect, and then logging in comes first.
Status hello(Call& call) {
    const Greeting greeting = TRY(parse_greeting(call));
    Session& session = call.session();
    if (greeting.user_at != 0) {
        TRY(call.engine().access().log_in(session, call.arg(greeting.user_at),
                                          call.arg(greeting.user_at + 1), call.arg(0)));
    }
    if (session.is(kUnauthenticated)) return kHelloNoAuth;
    if (greeting.name_at != 0) session.name = call.arg(greeting.name_at);
    session.protocol = greeting.protocol;
    call.reply().set_protocol(greeting.protocol);
    reply_facts(call);
    return done();
}

}  // namespace

extern const engine::CommandTable kTable{kCommands};

}  // namespace millrace::admin::commands::connection::login
