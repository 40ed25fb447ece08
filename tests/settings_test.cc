// SPDX-License-Identifier: BSD-3-Clause
//
// All settings together: their number, what depends on more than one of them, and the file that we
// ship. That each equals Valkey's is checked by tests/conformance/config_diff.py.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "config/rewrite.h"
#include "server/all_settings.h"
#include "server/process_title.h"

namespace millrace::server {
namespace {

using Lines = std::vector<std::string>;

class SettingsTest : public ::testing::Test {
protected:
    SettingsTest() {
        register_all_settings(registry_, settings_);
        register_directives(registry_, {});
        refuse_missing_subsystems(registry_, settings_);
    }

    std::string load(std::string_view text) {
        const auto error = config::load_text(registry_, text);
        return error ? error->message : "OK";
    }
    std::string set(std::string_view name, std::string_view value) {
        const config::Assignment assignment{name, value};
        const Status status = registry_.set({&assignment, 1}, {.protected_allowed = true});
        return status.ok() ? "OK" : std::string(status.error().text());
    }
    std::string get(std::string_view name) const { return registry_.find(name)->print(); }

    config::Registry registry_;
    AllSettings settings_;
};

TEST_F(SettingsTest, NumbersAreThoseOfValkey) {
    const std::vector<std::string_view> everything{"*"};
    EXPECT_EQ(registry_.get(everything).size(), 242u);
    EXPECT_EQ(registry_.settings().size(), 230u);
}

TEST_F(SettingsTest, AcceptsWhatItPrints) {
    const std::set<std::string> fails_alone = {"rdma-bind"};
    for (const auto& setting : registry_.settings()) {
        if (setting->has(config::kImmutable) || fails_alone.contains(setting->name())) continue;
        const std::string value = setting->print();
        EXPECT_EQ(set(setting->name(), value), "OK") << setting->name();
        EXPECT_EQ(setting->print(), value);
        EXPECT_TRUE(setting->is_default()) << setting->name();
    }
}

TEST_F(SettingsTest, ReadsItsOwnRewrite) {
    const std::string all = config::rewrite_text(registry_, "", config::RewriteScope::All);
    EXPECT_EQ(load(all), "OK");
    EXPECT_EQ(config::rewrite_text(registry_, "", config::RewriteScope::Changed), "");
}

TEST_F(SettingsTest, IoThreadsMayBeAutomatic) {
    EXPECT_EQ(set("io-threads", "AUTO"), "OK");
    EXPECT_EQ(get("io-threads"), "auto");
    EXPECT_TRUE(settings_.threads.io_threads.automatic());
    EXPECT_EQ(set("io-threads", "257"),
              "ERR CONFIG SET failed (possibly related to argument 'io-threads') - "
              "argument must be between 1 and 256 inclusive");
    EXPECT_EQ(set("io-threads", "4"), "OK");
    EXPECT_EQ(settings_.threads.io_threads.count, 4);
}

TEST_F(SettingsTest, DirectoryIsAbsoluteAndGoesBack) {
    const std::string before = get("dir");
    EXPECT_EQ(set("dir", "/tmp/../tmp"), "OK");
    EXPECT_EQ(get("dir"), "/tmp");
    const std::vector<config::Assignment> pairs = {{"dir", "/"}, {"hz", "x"}};
    EXPECT_FALSE(registry_.set(pairs, {.protected_allowed = true}).ok());
    EXPECT_EQ(std::filesystem::current_path(), "/tmp");
    EXPECT_EQ(set("dir", before), "OK");
    EXPECT_EQ(std::filesystem::current_path(), before);
}

TEST_F(SettingsTest, RewriteKeepsNewKeyEvents) {
    EXPECT_EQ(set("notify-keyspace-events", "KAn"), "OK");
    EXPECT_EQ(get("notify-keyspace-events"), "AK");
    EXPECT_EQ(config::rewrite_text(registry_, "notify-keyspace-events x\n",
                                   config::RewriteScope::Changed),
              "notify-keyspace-events \"AKn\"\n");
}

TEST_F(SettingsTest, RefusesOtherDirectives) {
    EXPECT_EQ(load("user bob on"), "'user' is not supported by this version of Millrace");
    EXPECT_EQ(load("loadmodule a.so"), "'loadmodule' is not supported by this version of Millrace");
    EXPECT_EQ(load("rename-command GET \"\""),
              "'rename-command' is not supported by this version of Millrace");
    EXPECT_EQ(load("sentinel monitor"), "sentinel directive while not in sentinel mode");
    EXPECT_EQ(load("sentinel"), "OK");
    EXPECT_EQ(load("dynamic-hz yes\nio-threads-do-reads no"), "OK");
}

TEST_F(SettingsTest, RefusesToStartWithoutWhatIsMissing) {
    EXPECT_EQ(missing_subsystem_refusals(settings_), Lines{});
    EXPECT_EQ(load("tls-port 1\nprimaryauth x\nreplicaof a 1\ncluster-enabled yes"), "OK");
    EXPECT_EQ(missing_subsystem_refusals(settings_).size(), 4u);
    EXPECT_EQ(missing_subsystem_refusals(settings_)[0],
              "'tls-port' needs TLS, which this version of Millrace does not have");
    EXPECT_EQ(check_settings(settings_)->message,
              "replicaof directive not allowed in cluster mode");
}

TEST_F(SettingsTest, WarnsOfWhatHasNoEffect) {
    EXPECT_EQ(load("save ''\nappendonly no\npropagation-error-behavior panic"), "OK");
    EXPECT_EQ(missing_subsystem_warnings(settings_), Lines{});
    EXPECT_EQ(load("save 1 1\nappendonly yes\nmaxmemory 1gb"), "OK");
    EXPECT_EQ(missing_subsystem_warnings(settings_), Lines{});
    EXPECT_EQ(load("tls-cert-file x"), "OK");
    EXPECT_EQ(missing_subsystem_warnings(settings_).size(), 1u);
}

TEST_F(SettingsTest, ChecksTheLogFile) {
    EXPECT_FALSE(check_settings(settings_));
    settings_.observe.logfile = "/nonexistent/x";
    EXPECT_EQ(check_settings(settings_)->print("9.1.2"),
              "\n*** FATAL CONFIG FILE ERROR (Version 9.1.2) ***\n"
              "Can't open the log file: No such file or directory\n");
}

TEST_F(SettingsTest, CommandsRefuseWhatIsMissing) {
    EXPECT_EQ(set("tls-port", "1"),
              "ERR CONFIG SET failed (possibly related to argument 'tls-port') - "
              "Unable to update TLS configuration. Check server logs.");
    EXPECT_EQ(get("tls-port"), "0");
    EXPECT_NE(set("rdma-port", "1"), "OK");
}

// The shipped file names every visible setting and changes none but io-threads.
TEST_F(SettingsTest, ShippedFileHasEverythingAtItsDefault) {
    std::ifstream file(MILLRACE_SOURCE_FOLDER "/millrace.conf");
    ASSERT_TRUE(file.good());
    std::ostringstream content;
    content << file.rdbuf();
    const std::string text = content.str();
    EXPECT_EQ(load(text), "OK");
    EXPECT_EQ(get("io-threads"), "auto");

    for (const auto& setting : registry_.settings()) {
        if (setting->has(config::kHidden)) continue;
        const std::string& name = setting->name();
        if (name != "io-threads") {
            EXPECT_TRUE(setting->is_default()) << name;
        }
        const bool set_there = text.find("\n" + name + " ") != std::string::npos;
        const bool commented = text.find("\n# " + name + " ") != std::string::npos;
        EXPECT_TRUE(set_there || commented) << name;
    }
}

TEST(ProcessTitle, ReplacesVariables) {
    const TitleValues values{.title = "server",
                             .listen_address = "*:6379",
                             .server_mode = "",
                             .port = "6379",
                             .tls_port = "0",
                             .unix_socket = "/s",
                             .config_file = "/c"};
    EXPECT_EQ(expand_title("{title} {listen-addr} {server-mode}", values), "server *:6379");
    EXPECT_EQ(expand_title("{{{port}}-{unixsocket}", values), "{6379}-/s");
    EXPECT_FALSE(expand_title("{nope}", values));
    EXPECT_FALSE(expand_title("{title", values));
}

}  // namespace
}  // namespace millrace::server
