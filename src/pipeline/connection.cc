// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "base/memory.h"
#include "structures/slab_heap.h"

namespace millrace::pipeline {

using engine::Request;
using engine::RequestKind;
using net::TransferState;
using protocol::RequestParser;

namespace {

// What the log shows of the bytes of a request that cannot be read.
std::string excerpt(std::string_view bytes) {
    constexpr size_t kWhole = 128;
    constexpr size_t kEnd = 64;
    const auto printable = [](std::string_view part) {
        std::string text(part);
        std::replace_if(
            text.begin(), text.end(), [](char byte) { return byte < ' ' || byte > '~'; }, '.');
        return text;
    };
    if (bytes.size() < kWhole) return fmt::format("'{}'", printable(bytes));
    return fmt::format("'{}' (... more {} bytes ...) '{}'", printable(bytes.substr(0, kEnd)),
                       bytes.size() - 2 * kEnd, printable(bytes.substr(bytes.size() - kEnd)));
}
constexpr size_t kReadBytesPerTurn = 64 * 1024;
constexpr size_t kBigReadBytes = 256 * 1024;  // At once, of an argument that is received in place.
constexpr size_t kBufferedReadBytes = 16 * 1024;
constexpr uint64_t kInFlightMax = 1024;
constexpr size_t kParserBytesUsual = 512;
// Each write may wake the peer, which costs more than the copy: one of a mebibyte takes a third of
// the time of eight, and still no more than some hundred microseconds.
constexpr size_t kWriteBytesPerTurn = 1024 * 1024;
constexpr size_t kWritePieces = 16;
// Compat: before AUTH a client may send a mebibyte, whatever its limit.
constexpr int64_t kUnauthenticatedInputMax = 1 << 20;
}  // namespace

Connection::Connection(engine::ClientSlot slot, uint32_t generation,
                       std::unique_ptr<net::Transport> transport,
                       std::shared_ptr<engine::Traffic> traffic, engine::ReadingRules rules)
    : slot_(slot),
      generation_(generation),
      transport_(std::move(transport)),
      traffic_(std::move(traffic)) {
    resume(rules);
}

Connection::~Connection() {
    // A value that was still arriving has no other owner; it is in long form, hence from the
    // general allocator.
    if (arriving_entry_ != nullptr) deallocate(arriving_entry_);
}

void Connection::poller_said(bool readable, bool hung_up) {
    if (readable || hung_up) readable_ = true;
    if (hung_up) hung_up_ = true;
}

void Connection::resume(engine::ReadingRules rules) {
    limits_.authenticated = rules.authenticated;
    barrier_ = false;
}

void Connection::close_now(std::vector<const keyspace::Entry*>& unpinned) {
    output_.drop(unpinned);
    closing_ = true;
    ended_ = true;
}

char* Connection::begin(std::span<const std::string_view> arguments_before, size_t argument_count,
                        size_t bytes) {
    arriving_bytes_ += bytes;
    if (resolver_->value_of_plain_write(arguments_before, argument_count)) {
        arriving_entry_ = resolver_->builder().blank_string(
            arguments_before[1], bytes, bytes, keyspace::ExpiryRoom::No, keyspace::StringForm::Raw);
        return arriving_entry_->mutable_string();
    }
    arriving_.push_back(std::make_unique_for_overwrite<char[]>(bytes));
    return arriving_.back().get();
}

// Moves the parser's request into a batch.
void Connection::emit(ReadContext& context) {
    Request& request = context.sink.next_request();
    request.client = slot_;
    request.client_generation = generation_;
    request.wire_bytes =
        static_cast<uint32_t>(std::min<size_t>(parser_.request_bytes(), UINT32_MAX));
    context.resolver.resolve(parser_.arguments(), arriving_entry_, context.sink.batch(), request);
    arriving_entry_ = nullptr;
    for (auto& memory : arriving_) context.sink.batch().arena().keep(std::move(memory));
    arriving_.clear();
    arriving_bytes_ = 0;
    ++in_flight_;
    barrier_ = !limits_.authenticated ||
               (request.command != nullptr && request.command->has(engine::kBarrier));
}

// Tells the main thread why nothing more comes of this client.
void Connection::emit_problem(ReadContext& context, RequestKind kind,
                              std::initializer_list<std::string_view> texts) {
    Request& request = context.sink.next_request();
    request.client = slot_;
    request.client_generation = generation_;
    request.kind = kind;
    Arena& arena = context.sink.batch().arena();
    auto* words = arena.array<std::string_view>(texts.size());
    request.words = words;
    request.word_count = static_cast<uint32_t>(texts.size());
    for (std::string_view text : texts) *words++ = arena.copy(text);
    ++in_flight_;
    broken_ = true;
}

// Parses requests out of `bytes` until they end, something stops us, or the peer breaks the
// protocol.
Connection::Parsing Connection::parse(std::string_view bytes, size_t& used, ReadContext& context) {
    resolver_ = &context.resolver;
    used = 0;
    if (broken_) return Parsing::Broken;
    limits_.bulk_bytes_max = context.settings.bulk_bytes_max;
    while (used < bytes.size()) {
        if (barrier_ || frozen_ || in_flight_ >= kInFlightMax || !context.sink.has_room())
            return Parsing::Stopped;
        if (requests_left_ == 0) return Parsing::ShareUsed;
        switch (parser_.parse(bytes.substr(used), limits_, *this)) {
            case RequestParser::Outcome::Request:
                emit(context);
                --requests_left_;
                used += parser_.consumed();
                break;
            case RequestParser::Outcome::Empty:
                used += parser_.consumed();
                break;
            case RequestParser::Outcome::Incomplete:
                used += parser_.consumed();
                return Parsing::Starved;
            case RequestParser::Outcome::Error:
                emit_problem(context, RequestKind::ProtocolError,
                             {parser_.error(), parser_.error_reason(),
                              excerpt(bytes.substr(used + parser_.error_position()))});
                used = bytes.size();
                return Parsing::Broken;
        }
    }
    return Parsing::Starved;
}

bool Connection::over_limit(const ReadContext& context) const {
    const auto held = static_cast<int64_t>(input_.size() - input_begin_ + parser_.memory_bytes() +
                                           arriving_bytes_);
    if (!limits_.authenticated && held > kUnauthenticatedInputMax) return true;
    return held > context.settings.query_buffer_bytes_max;
}

void Connection::keep_rest(std::string_view rest) {
    if (rest.data() >= input_.data() && rest.data() <= input_.data() + input_.size() &&
        input_.capacity() > 0) {
        input_begin_ = static_cast<size_t>(rest.data() - input_.data());
        if (rest.empty()) {
            input_.clear();
            input_begin_ = 0;
            if (input_.capacity() > kBufferedReadBytes) input_ = ByteBuffer();
        }
        return;
    }
    input_.append(rest);
}

// One receive: into a large argument, behind the buffered input, or through the side's scratch
// space.
ReadOutcome Connection::receive(ReadContext& context) {
    std::span<char> window = parser_.big_window();
    const bool into_window = !window.empty();
    if (into_window) window = window.first(std::min(window.size(), kBigReadBytes));
    const bool buffered = !into_window && input_.size() > input_begin_;
    std::span<char> room = into_window ? window : context.scratch;
    if (buffered) {
        if (input_begin_ > input_.size() / 2) {
            ByteBuffer moved;
            moved.append({input_.data() + input_begin_, input_.size() - input_begin_});
            input_ = std::move(moved);
            input_begin_ = 0;
        }
        room = {input_.prepare(kBufferedReadBytes), kBufferedReadBytes};
    }
    const net::Transfer transfer = transport_->read(room);
    if (transfer.state == TransferState::Blocked) {
        readable_ = false;
        return ReadOutcome::Drained;
    }
    if (transfer.state != TransferState::Moved) {
        ended_ = true;
        return ReadOutcome::Drained;
    }
    bytes_read_ += transfer.bytes;
    if (transfer.bytes < room.size() && !hung_up_ && !transport_->pending()) readable_ = false;

    if (into_window) {
        parser_.big_received(transfer.bytes);
        return ReadOutcome::More;
    }
    if (buffered) input_.commit(transfer.bytes);
    const std::string_view bytes =
        buffered ? std::string_view(input_.data() + input_begin_, input_.size() - input_begin_)
                 : std::string_view(room.data(), transfer.bytes);
    size_t used = 0;
    const Parsing parsing = parse(bytes, used, context);
    keep_rest(bytes.substr(used));
    if (parsing == Parsing::Stopped) return ReadOutcome::Waiting;
    return ReadOutcome::More;
}

ReadOutcome Connection::read(ReadContext& context) {
    if (ended_ || closing_) return ReadOutcome::Drained;
    if (!handshaken_) {
        const net::Transfer handshake = transport_->handshake();
        if (handshake.state == TransferState::Failed || handshake.state == TransferState::Ended)
            ended_ = true;
        if (handshake.state != TransferState::Moved) return ReadOutcome::Drained;
        handshaken_ = true;
    }
    requests_left_ = context.requests_max;
    if (input_.size() > input_begin_) {  // Left over from a barrier, or of what was too much.
        size_t used = 0;
        const std::string_view bytes(input_.data() + input_begin_, input_.size() - input_begin_);
        const Parsing parsing = parse(bytes, used, context);
        keep_rest(bytes.substr(used));
        if (parsing == Parsing::Stopped) return ReadOutcome::Waiting;
        if (parsing == Parsing::ShareUsed) {
            publish_traffic();
            return ReadOutcome::More;
        }
    }
    ReadOutcome outcome = ReadOutcome::More;
    for (size_t used = 0;
         readable_ && !ended_ && used < kReadBytesPerTurn && requests_left_ > 0;) {
        if (barrier_ || frozen_ || in_flight_ >= kInFlightMax) {
            outcome = ReadOutcome::Waiting;
            break;
        }
        const uint64_t before = bytes_read_;
        outcome = receive(context);
        used += bytes_read_ - before;
        if (!broken_ && over_limit(context) && context.sink.has_room()) {
            emit_problem(context, RequestKind::InputLimit, {});
        }
        if (outcome != ReadOutcome::More) break;
    }
    publish_traffic();
    const bool share_used = requests_left_ == 0 && input_.size() > input_begin_;
    if (outcome == ReadOutcome::More && !share_used && (!readable_ || ended_))
        outcome = ReadOutcome::Drained;
    return outcome;
}

WriteOutcome Connection::write(std::vector<const keyspace::Entry*>& unpinned) {
    size_t written = 0;
    WriteOutcome outcome = WriteOutcome::Done;
    while (!output_.empty() && !ended_) {
        std::array<iovec, kWritePieces> pieces;
        const net::Transfer transfer =
            transport_->write(output_.gather(pieces, kWriteBytesPerTurn));
        if (transfer.state == TransferState::Blocked) {
            outcome = WriteOutcome::Blocked;
            break;
        }
        if (transfer.state != TransferState::Moved) {
            close_now(unpinned);
            break;
        }
        output_.consume(transfer.bytes, unpinned);
        bytes_written_ += transfer.bytes;
        written += transfer.bytes;
        if (written >= kWriteBytesPerTurn && !output_.empty()) {
            outcome = WriteOutcome::More;
            break;
        }
    }
    output_.shrink();
    traffic_->bytes_written.store(bytes_written_, std::memory_order_relaxed);
    traffic_->output_bytes.store(output_.bytes(), std::memory_order_relaxed);
    traffic_->output_capacity.store(output_.capacity(), std::memory_order_relaxed);
    return outcome;
}

void Connection::publish_traffic() {
    traffic_->bytes_read.store(bytes_read_, std::memory_order_relaxed);
    // Compat: what has come of a large argument counts as unparsed input, its place as the buffer.
    traffic_->input_bytes.store(input_.size() - input_begin_ + arrived_bytes(),
                                std::memory_order_relaxed);
    traffic_->input_capacity.store(input_.capacity() + arriving_bytes_, std::memory_order_relaxed);
    // The parser's room for a few arguments is the client's for good, and not worth counting.
    const size_t parked = parser_.memory_bytes();
    traffic_->argument_bytes.store(parked > kParserBytesUsual ? parked : 0,
                                   std::memory_order_relaxed);
}

}  // namespace millrace::pipeline
