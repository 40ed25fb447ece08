// SPDX-License-Identifier: BSD-3-Clause
//
// What C and C++ applications do with hiredis, against the port named as argument.

#include <hiredis/hiredis.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

namespace {

struct FreeReply {
    void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using Reply = std::unique_ptr<redisReply, FreeReply>;

struct FreeContext {
    void operator()(redisContext* context) const { redisFree(context); }
};

int passed = 0;
int failed = 0;

void expect(bool fine, const char* what) {
    ++(fine ? passed : failed);
    if (!fine) std::printf("%s\n", what);
}

template <typename... Arguments>
Reply call(redisContext* context, const char* format, Arguments... arguments) {
    return Reply(static_cast<redisReply*>(redisCommand(context, format, arguments...)));
}

bool is_text(const Reply& reply, const std::string& text) {
    return reply && reply->str != nullptr && std::string(reply->str, reply->len) == text;
}

void single_commands(redisContext* context) {
    expect(is_text(call(context, "FLUSHALL"), "OK"), "FLUSHALL");
    expect(is_text(call(context, "SET %s %b", "key", "a\0b", size_t{3}), "OK"),
           "SET of a zero byte");
    expect(is_text(call(context, "GET key"), std::string("a\0b", 3)), "GET of a zero byte");
    const Reply none = call(context, "GET none");
    expect(none && none->type == REDIS_REPLY_NIL, "GET of a missing key");
    const Reply wrong = call(context, "LPUSH key x");
    expect(wrong && wrong->type == REDIS_REPLY_ERROR, "an error reply");
    expect(wrong && std::string(wrong->str).starts_with("WRONGTYPE "), "the text of a wrong type");
    const Reply pushed = call(context, "RPUSH list a b c");
    expect(pushed && pushed->type == REDIS_REPLY_INTEGER && pushed->integer == 3, "RPUSH");
    const Reply range = call(context, "LRANGE list 0 -1");
    expect(range && range->type == REDIS_REPLY_ARRAY && range->elements == 3, "LRANGE");
}

void pipeline(redisContext* context) {
    for (int i = 0; i < 1000; ++i) redisAppendCommand(context, "INCR counter");
    bool in_order = true;
    for (int i = 1; i <= 1000; ++i) {
        void* raw = nullptr;
        in_order = in_order && redisGetReply(context, &raw) == REDIS_OK;
        const Reply reply(static_cast<redisReply*>(raw));
        in_order = in_order && reply && reply->integer == i;
    }
    expect(in_order, "a pipeline of 1000 answers in order");
}

void large_value(redisContext* context) {
    const std::string value(5 << 20, 'v');
    expect(is_text(call(context, "SET large %b", value.data(), value.size()), "OK"),
           "SET of 5 MiB");
    expect(is_text(call(context, "GET large"), value), "GET of 5 MiB");
}

void subscribe(redisContext* context) {
    const Reply subscribed = call(context, "SUBSCRIBE news");
    expect(subscribed && subscribed->elements == 3, "SUBSCRIBE answers with three elements");
    const Reply left = call(context, "UNSUBSCRIBE news");
    expect(left && left->elements == 3 && left->element[2]->integer == 0,
           "UNSUBSCRIBE counts down");
    expect(is_text(call(context, "PING"), "PONG"), "PING after subscribing");
}

}  // namespace

int main(int, char** argv) {
    const std::unique_ptr<redisContext, FreeContext> context(
        redisConnect("127.0.0.1", std::atoi(argv[1])));
    if (!context || context->err != 0) {
        std::printf("cannot connect\n0 passed, 1 failed\n");
        return 1;
    }
    redisSetTimeout(context.get(), timeval{10, 0});
    single_commands(context.get());
    pipeline(context.get());
    large_value(context.get());
    subscribe(context.get());
    std::printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}
