// SPDX-License-Identifier: BSD-3-Clause
//
// The seam between connections and what carries their bytes, driven with OpenSSL: a handshake that
// takes several round trips, reads that leave decrypted bytes behind, writes that block.
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

#include "rig.h"

namespace millrace::test {
namespace {

using net::Transfer;
using net::TransferState;

template <auto kFree>
struct Freer {
    template <typename T>
    void operator()(T* object) const {
        kFree(object);
    }
};
using Context = std::unique_ptr<SSL_CTX, Freer<SSL_CTX_free>>;
using Tls = std::unique_ptr<SSL, Freer<SSL_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;

// A server's context with a certificate that it signed itself.
Context make_server_context() {
    Context context(SSL_CTX_new(TLS_server_method()));
    const Key key(EVP_EC_gen("P-256"));
    const Certificate certificate(X509_new());
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
    X509_set_pubkey(certificate.get(), key.get());
    X509_sign(certificate.get(), key.get(), EVP_sha256());
    EXPECT_EQ(SSL_CTX_use_certificate(context.get(), certificate.get()), 1);
    EXPECT_EQ(SSL_CTX_use_PrivateKey(context.get(), key.get()), 1);
    SSL_CTX_set_mode(context.get(),
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return context;
}

Transfer outcome(SSL* tls, int result) {
    if (result > 0) return {TransferState::Moved, static_cast<size_t>(result)};
    switch (SSL_get_error(tls, result)) {
        case SSL_ERROR_WANT_READ:
        case SSL_ERROR_WANT_WRITE:
            return {TransferState::Blocked};
        case SSL_ERROR_ZERO_RETURN:
            return {TransferState::Ended};
        default:
            ERR_clear_error();
            return {TransferState::Failed};
    }
}

class TlsTransport final : public net::Transport {
public:
    TlsTransport(net::Socket socket, SSL_CTX* context)
        : socket_(std::move(socket)), tls_(SSL_new(context)) {
        SSL_set_fd(tls_.get(), socket_.descriptor());
        SSL_set_accept_state(tls_.get());
    }
    Transfer handshake() override { return outcome(tls_.get(), SSL_do_handshake(tls_.get())); }
    Transfer read(std::span<char> room) override {
        const int got = SSL_read(tls_.get(), room.data(), static_cast<int>(room.size()));
        const Transfer transfer = outcome(tls_.get(), got);
        drained_ = transfer.state == TransferState::Blocked;
        return transfer;
    }
    Transfer write(std::span<const iovec> pieces) override {
        return outcome(tls_.get(), SSL_write(tls_.get(), pieces[0].iov_base,
                                             static_cast<int>(pieces[0].iov_len)));
    }
    // A record at a time is read, so there may be more behind it until the socket says no.
    bool pending() const override { return !drained_; }
    int descriptor() const override { return socket_.descriptor(); }

private:
    net::Socket socket_;
    Tls tls_;
    bool drained_ = false;
};

// The client's side of the same.
class TlsClient {
public:
    explicit TlsClient(RigClient& below)
        : context_(SSL_CTX_new(TLS_client_method())), tls_(SSL_new(context_.get())) {
        SSL_set_fd(tls_.get(), below.descriptor());
        SSL_set_connect_state(tls_.get());
    }
    bool handshake() { return SSL_do_handshake(tls_.get()) == 1; }
    void exchange() {
        while (!unsent.empty()) {
            const int sent = SSL_write(tls_.get(), unsent.data(), static_cast<int>(unsent.size()));
            if (sent <= 0) break;
            unsent.erase(0, static_cast<size_t>(sent));
        }
        char bytes[16384];
        for (int got = 0; (got = SSL_read(tls_.get(), bytes, sizeof bytes)) > 0;)
            received.append(bytes, static_cast<size_t>(got));
    }
    std::string unsent;
    std::string received;

private:
    Context context_;
    Tls tls_;
};

class TransportSeam : public testing::TestWithParam<int> {};

TEST_P(TransportSeam, CommandsGoThroughTls) {
    const Context context = make_server_context();
    Rig rig(GetParam());
    auto below = rig.connect([&](net::Socket socket) -> std::unique_ptr<net::Transport> {
        return std::make_unique<TlsTransport>(std::move(socket), context.get());
    });
    TlsClient client(*below);
    rig.turn_until([&] { return client.handshake(); });

    // More than one record each way, and a value that is sent straight out of its entry.
    const std::string value(300000, 'x');
    std::string expected = "+OK\r\n$300000\r\n" + value + "\r\n";
    client.unsent = command({"SET", "key", value}) + command({"GET", "key"});
    for (int i = 0; i < 1000; ++i) {
        client.unsent += command({"PING"});
        expected += "+PONG\r\n";
    }
    rig.turn_until([&] {
        client.exchange();
        return client.received.size() >= expected.size();
    });
    EXPECT_EQ(client.received, expected);
}

INSTANTIATE_TEST_SUITE_P(Threads, TransportSeam, testing::Values(1, 3));

}  // namespace
}  // namespace millrace::test
