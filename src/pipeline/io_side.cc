// SPDX-License-Identifier: BSD-3-Clause
#include "pipeline/io_side.h"

#include <algorithm>
#include <utility>

#include "base/numbers.h"
#include "base/prefetch.h"
#include "protocol/reply_encoder.h"

namespace millrace::pipeline {

using engine::ClientOrder;
using engine::ClientSlot;
using engine::ReplyKind;
using engine::ReplyLog;
using engine::ReplyRecord;
using engine::Request;
using engine::RequestKind;
using keyspace::Entry;

namespace {

constexpr size_t kScratchBytes = 32 * 1024;
constexpr size_t kReplyBytesKept = 64 * 1024;  // By a batch that waits to be used again.
constexpr size_t kBlocksKept = 4;              // By a batch, for the main thread to use again.
constexpr size_t kSpareBatchesMax = IoSide::kCredits;
// Between two visits the kernel has driven a connection out of the near caches; it is fetched this
// many visits ahead.
constexpr size_t kConnectionDistance = 2;

void encode_value(ByteBuffer& out, const Entry& entry) {
    if (entry.is_integer()) {
        char digits[24];
        const size_t length = format_integer(digits, entry.integer());
        protocol::encode_bulk(out, {digits, length});
    } else {
        protocol::encode_bulk(out, entry.string());
    }
}

}  // namespace

IoSide::IoSide(SideNumber number, const SideParts& parts, structures::SlabHeap& heap,
               observe::ThreadUsage& usage, Submit submit)
    : number_(number),
      poller_(parts.poller),
      builder_(heap, parts.reclaimer),
      remote_frees_(parts.heaps),
      resolver_(parts.commands, parts.seed, builder_),
      usage_(usage),
      submit_(std::move(submit)),
      scratch_(std::make_unique_for_overwrite<char[]>(kScratchBytes)) {}

IoSide::~IoSide() = default;

void IoSide::fetch(ClientSlot slot) {
    const auto* connection = reinterpret_cast<const char*>(find(slot));
    if (connection == nullptr) return;
    for (size_t line = 0; line < sizeof(Connection); line += 64) prefetch(connection + line);
}

void IoSide::count_buffers(Connection& connection) {
    const uint64_t bytes = connection.buffer_bytes();
    if (bytes == connection.buffer_bytes_counted) return;
    usage_.buffer_bytes.add(bytes - connection.buffer_bytes_counted);
    connection.buffer_bytes_counted = bytes;
}

// --- requests ---

bool IoSide::has_room() {
    return open_ != nullptr ? !open_->full() || under_way_ < kCredits : under_way_ < kCredits;
}

Request& IoSide::next_request() {
    io_side.assert_current();
    if (open_ != nullptr && open_->full()) flush();
    if (open_ == nullptr) {
        CHECK(under_way_ < kCredits);
        if (spare_.empty()) {
            open_ = std::make_unique<Batch>();
        } else {
            open_ = std::move(spare_.back());
            spare_.pop_back();
        }
        ++under_way_;
    }
    return open_->add();
}

void IoSide::flush() {
    if (open_ == nullptr) return;
    ++submitted_;
    usage_.batches.add(1);
    usage_.batch_commands.add(open_->requests().size());
    submit_(std::move(open_));
}

// --- reading ---

void IoSide::want_read(Connection& connection) {
    if (connection.in_read_list) return;
    connection.in_read_list = true;
    read_list_.push_back(connection.slot());
}

void IoSide::want_write(Connection& connection) {
    if (connection.in_write_list) return;
    connection.in_write_list = true;
    write_list_.push_back(connection.slot());
}

void IoSide::event(const net::ReadyEvent& event) {
    Connection* connection = find(PollTag::slot(event.tag));
    if (connection == nullptr) return;  // Moved or gone; its new side registered it anew.
    connection->poller_said(event.readable, event.hung_up);
    if (connection->wants_read()) want_read(*connection);
    if (event.writable && !connection->output().empty()) want_write(*connection);
}

size_t IoSide::read(size_t batches_max, size_t requests_max) {
    report_all();
    submitted_ = 0;
    ReadContext context{.resolver = resolver_,
                        .settings = *settings_,
                        .sink = *this,
                        .scratch = {scratch_.get(), kScratchBytes},
                        .requests_max = requests_max};
    const size_t round = read_list_.size();
    for (size_t i = 0; i < std::min(round, kConnectionDistance); ++i) fetch(read_list_[i]);
    size_t visited = 0;
    for (; visited < round && submitted_ < batches_max && has_room(); ++visited) {
        if (read_list_.size() > kConnectionDistance) fetch(read_list_[kConnectionDistance]);
        Connection* connection = find(read_list_.front());
        read_list_.pop_front();
        if (connection == nullptr) continue;
        connection->in_read_list = false;
        usage_.reads.add(1);
        const uint64_t bytes_before = connection->bytes_read();
        const ReadOutcome outcome = connection->read(context);
        usage_.input_bytes.add(connection->bytes_read() - bytes_before);
        count_buffers(*connection);
        switch (outcome) {
            case ReadOutcome::Drained:
                break;
            case ReadOutcome::More:
                want_read(*connection);
                break;
            case ReadOutcome::Waiting:
                waiting_list_.push_back(connection->slot());
                break;
        }
        if (connection->must_report()) report_list_.push_back(connection->slot());
    }
    report_all();
    return visited;
}

// After completions: what was stopped may go on.
void IoSide::settle_waiting() {
    std::vector<ClientSlot> waiting = std::exchange(waiting_list_, {});
    for (ClientSlot slot : waiting) {
        Connection* connection = find(slot);
        if (connection == nullptr) continue;
        if (connection->frozen() && connection->idle() && connection->report_frozen) {
            report_list_.push_back(slot);
        } else if (connection->frozen() || !connection->idle()) {
            waiting_list_.push_back(slot);
            if (!connection->frozen()) want_read(*connection);
        } else {
            want_read(*connection);
        }
    }
}

// --- telling the main thread ---

void IoSide::report(Connection& connection, RequestKind kind, void* payload) {
    Request& request = next_request();
    request.client = connection.slot();
    request.client_generation = connection.generation();
    request.kind = kind;
    request.prebuilt = payload;
}

void IoSide::report_all() {
    while (!unpinned_.empty() && has_room()) {
        Request& request = next_request();
        request.kind = RequestKind::Unpinned;
        request.prebuilt = const_cast<Entry*>(unpinned_.back());
        unpinned_.pop_back();
    }
    while (!report_list_.empty() && has_room()) {
        Connection* connection = find(report_list_.back());
        report_list_.pop_back();
        if (connection == nullptr) continue;
        if (connection->report_detached) {
            connection->report_detached = false;
            report(*connection, RequestKind::Detached, connection);
            (void)connections_[connection->slot()].release();  // Owned by the request from here on.
            --connection_count_;
        } else if (connection->must_report()) {
            connection->set_reported();
            report(*connection, RequestKind::Disconnected, nullptr);
        } else if (connection->report_frozen && connection->idle()) {
            connection->report_frozen = false;
            report(*connection, RequestKind::Frozen, nullptr);
        }
    }
}

// --- completing ---

namespace {

// Values that replies refer to were last touched long ago; their lines are fetched a few records
// ahead of the copy.
constexpr size_t kValueDistance = 4;
constexpr size_t kValueLinesMax = 16;

[[gnu::always_inline]] inline void fetch_value(std::span<const ReplyRecord> records, size_t at) {
    if (at >= records.size() || records[at].kind != ReplyKind::Entry) return;
    const Entry& entry = records[at].entry();
    const auto* line = reinterpret_cast<const char*>(&entry);
    const size_t lines = std::min(entry.string_bytes() / 64 + 1, kValueLinesMax);
    for (size_t i = 1; i <= lines; ++i) __builtin_prefetch(line + i * 64);
}

}  // namespace

void IoSide::encode(const ReplyLog& log) {
    Connection* connection = nullptr;
    ClientSlot slot = UINT32_MAX;
    const std::span<const ReplyRecord> records = log.records();
    for (size_t i = 0; i < std::min(kValueDistance, records.size()); ++i) fetch_value(records, i);
    for (size_t i = 0; i < records.size(); ++i) {
        fetch_value(records, i + kValueDistance);
        const ReplyRecord& record = records[i];
        if (record.client != slot) {
            slot = record.client;
            connection = find(slot);
            if (connection != nullptr) want_write(*connection);
        }
        if (record.kind == ReplyKind::Order) {
            carry_out(record);
            slot = UINT32_MAX;  // The order may have ended or brought the connection.
            continue;
        }
        if (connection == nullptr || connection->has_ended()) {
            if (record.kind == ReplyKind::Pinned) unpinned_.push_back(&record.entry());
            continue;
        }
        ByteBuffer& out = connection->output().tail();
        switch (record.kind) {
            case ReplyKind::Text:
                out.append(record.text());
                break;
            case ReplyKind::Integer:
                protocol::encode_integer(out, static_cast<int64_t>(record.payload));
                break;
            case ReplyKind::Entry:
                encode_value(out, record.entry());
                break;
            case ReplyKind::Bytes:
                out.append(log.stretch(record));
                break;
            case ReplyKind::Pinned:
                protocol::encode_header(out, '$', record.entry().string_bytes());
                connection->output().add_pinned(record.entry());
                connection->output().tail().append("\r\n");
                break;
            case ReplyKind::Order:
                break;
        }
    }
}

void IoSide::adopt(std::unique_ptr<Connection> connection) {
    const ClientSlot slot = connection->slot();
    if (slot >= connections_.size()) connections_.resize(slot + size_t{1});
    CHECK(connections_[slot] == nullptr);
    Connection& adopted = *connection;
    connections_[slot] = std::move(connection);
    ++connection_count_;
    adopted.in_read_list = false;
    adopted.in_write_list = false;
    adopted.thaw();
    const uint64_t tag = PollTag::connection(slot, number_);
    // A descriptor that another side had registered only changes its tag, which also reports its
    // state anew.
    if (!poller_.add(adopted.descriptor(), tag).ok() &&
        !poller_.retag(adopted.descriptor(), tag).ok()) {
        adopted.close_now(unpinned_);
    }
    adopted.poller_said(true, false);
    want_read(adopted);
    if (!adopted.output().empty()) want_write(adopted);
    if (adopted.must_report()) report_list_.push_back(slot);
}

void IoSide::carry_out(const ReplyRecord& record) {
    if (record.order() == ClientOrder::Adopt) {
        adopt(std::unique_ptr<Connection>(reinterpret_cast<Connection*>(record.payload)));
        return;
    }
    Connection* connection = find(record.client);
    if (connection == nullptr) return;
    switch (record.order()) {
        case ClientOrder::Resume:
            connection->resume(engine::ReadingRules::unpack(record.payload));
            break;
        case ClientOrder::CloseWritten:
            connection->close_written();
            break;
        case ClientOrder::CloseNow:
            connection->close_now(unpinned_);
            break;
        case ClientOrder::Freeze:
            connection->freeze();
            connection->report_frozen = true;
            waiting_list_.push_back(record.client);
            break;
        case ClientOrder::Detach:
            connection->report_detached = true;
            report_list_.push_back(record.client);
            break;
        case ClientOrder::Release:
            connection->output().drop(unpinned_);
            usage_.buffer_bytes.add(0 - connection->buffer_bytes_counted);
            poller_.remove(connection->descriptor());
            connections_[record.client].reset();
            --connection_count_;
            break;
        case ClientOrder::Adopt:
            break;
    }
}

void IoSide::free_blocks(Batch& batch) {
    for (auto& block : batch.to_free) {
        for (size_t i = 0; i < block->count; ++i) builder_.free(block->entries[i], remote_frees_);
        usage_.frees.add(block->count);
        builder_.reclaimer().note_freed(block->bytes);
        block->count = 0;
        block->bytes = 0;
    }
    batch.to_free.resize(std::min(batch.to_free.size(), kBlocksKept));
    remote_frees_.flush();
}

void IoSide::complete(std::unique_ptr<Batch> batch) {
    encode(batch->replies());
    for (const Request& request : batch->requests()) {
        if (request.kind > RequestKind::InputLimit) continue;
        Connection* connection = find(request.client);
        if (connection != nullptr && connection->generation() == request.client_generation) {
            connection->request_completed();
        }
    }
    if (!batch->to_free.empty()) free_blocks(*batch);
    // What the main thread had to say outside of requests came in a batch of its own, which would
    // only add to those that are needed.
    if (batch->has_requests()) {
        --under_way_;
        keep(std::move(batch));
    }
    completed_.store(completed_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    settle_waiting();
}

void IoSide::keep(std::unique_ptr<Batch> batch) {
    if (spare_.size() == kSpareBatchesMax) return;
    if (batch->replies().bytes().capacity() > kReplyBytesKept) batch->replies() = ReplyLog();
    batch->clear();
    spare_.push_back(std::move(batch));
}

void IoSide::drop_spares() {
    spare_.clear();
    spare_.shrink_to_fit();
    for (auto* list : {&waiting_list_, &write_list_, &report_list_}) list->shrink_to_fit();
    unpinned_.shrink_to_fit();
}

void IoSide::write() {
    std::vector<ClientSlot> list = std::exchange(write_list_, {});
    for (size_t i = 0; i < list.size(); ++i) {
        if (i + kConnectionDistance < list.size()) fetch(list[i + kConnectionDistance]);
        Connection* connection = find(list[i]);
        if (connection == nullptr) continue;
        connection->in_write_list = false;
        if (!connection->output().empty()) {
            usage_.writes.add(1);
            const uint64_t bytes_before = connection->bytes_written();
            if (connection->write(unpinned_) == WriteOutcome::More) want_write(*connection);
            usage_.output_bytes.add(connection->bytes_written() - bytes_before);
            count_buffers(*connection);
        }
        if (connection->must_report()) report_list_.push_back(list[i]);
    }
    if (!report_list_.empty() || !unpinned_.empty()) report_all();
    list.clear();
    if (write_list_.empty()) write_list_ = std::move(list);
}

}  // namespace millrace::pipeline
