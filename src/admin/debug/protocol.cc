// SPDX-License-Identifier: BSD-3-Clause
//
// DEBUG PROTOCOL, ERROR: samples of every kind of reply, for the tests of clients.

#include <string>

#include "admin/debug/subcommands.h"

namespace millrace::admin::debug {

using namespace engine;

namespace {

constexpr int kSamples = 3;

void sample_string(ReplyWriter& reply) {
    reply.bulk("Hello World");
}
void sample_integer(ReplyWriter& reply) {
    reply.integer(12345);
}
void sample_double(ReplyWriter& reply) {
    reply.double_number(3.141);
}
void sample_bignum(ReplyWriter& reply) {
    reply.big_number("1234567999999999999999999999999999999");
}
void sample_null(ReplyWriter& reply) {
    reply.null();
}
void sample_true(ReplyWriter& reply) {
    reply.boolean(true);
}
void sample_false(ReplyWriter& reply) {
    reply.boolean(false);
}
void sample_verbatim(ReplyWriter& reply) {
    reply.verbatim("txt", "This is a verbatim\nstring");
}

void sample_array(ReplyWriter& reply) {
    reply.array(kSamples);
    for (int i = 0; i < kSamples; ++i) reply.integer(i);
}

void sample_set(ReplyWriter& reply) {
    reply.set(kSamples);
    for (int i = 0; i < kSamples; ++i) reply.integer(i);
}

void sample_map(ReplyWriter& reply) {
    reply.map(kSamples);
    for (int i = 0; i < kSamples; ++i) {
        reply.integer(i);
        reply.boolean(i == 1);
    }
}

void sample_attribute(ReplyWriter& reply) {
    if (reply.protocol() >= 3) {
        reply.attribute(1);
        reply.bulk("key-popularity");
        reply.array(2);
        reply.bulk("key:123");
        reply.integer(90);
    }
    reply.bulk("Some real reply following the attribute");
}

// Compat: the push comes behind the reply, whatever the reply says.
void sample_push(ReplyWriter& reply) {
    reply.bulk("Some real reply following the push reply");
    reply.push(2);
    reply.bulk("server-cpu-usage");
    reply.integer(42);
}

struct Sample {
    std::string_view name;
    void (*write)(ReplyWriter& reply);
};
constexpr Sample kReplies[] = {
    {"STRING", sample_string}, {"INTEGER", sample_integer},   {"DOUBLE", sample_double},
    {"BIGNUM", sample_bignum}, {"NULL", sample_null},         {"ARRAY", sample_array},
    {"SET", sample_set},       {"MAP", sample_map},           {"ATTRIB", sample_attribute},
    {"PUSH", sample_push},     {"VERBATIM", sample_verbatim}, {"TRUE", sample_true},
    {"FALSE", sample_false},
};

Status protocol(Call& call) {
    for (const Sample& sample : kReplies) {
        if (!call.arg_is(2, sample.name)) continue;
        if (sample.write == sample_push && call.reply().protocol() < 3) {
            return ErrorText{"ERR RESP2 is not supported by this command"};
        }
        sample.write(call.reply());
        return done();
    }
    return ErrorText{
        "ERR Wrong protocol type name. Please use one of the following: "
        "string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false"};
}

// The words of the caller as an error, which is not counted as one.
Status error(Call& call) {
    std::string text = "-";
    for (char letter : call.arg(2)) text += letter == '\r' || letter == '\n' ? ' ' : letter;
    call.reply().raw(text + "\r\n");
    return done();
}

constexpr Subcommand kProtocolSubcommands[] = {
    {"PROTOCOL", 3, 3, protocol},
    {"ERROR", 3, 3, error},
};

}  // namespace

std::span<const Subcommand> protocol_subcommands() {
    return kProtocolSubcommands;
}

}  // namespace millrace::admin::debug
