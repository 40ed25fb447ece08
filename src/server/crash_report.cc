// SPDX-License-Identifier: BSD-3-Clause
#include "server/crash_report.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdlib>
#include <cstring>

#include "base/assert.h"
#include "server/thread_traces.h"

namespace millrace::server {
namespace {

constexpr int kCrashSignals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
constexpr size_t kSectionsMax = 16;
constexpr size_t kPathBytes = 4096;

// Copies of everything, since what they came from may be what is broken.
struct State {
    char version[64] = "Millrace";
    char log_path[kPathBytes] = "";
    char pid_path[kPathBytes] = "";
    bool exit_after = false;
    int utc_offset_seconds = 0;
    CrashSection sections[kSectionsMax];
    size_t section_count = 0;

    std::atomic<pid_t> crashing_thread{0};
    std::atomic<int> depth{0};  // 2: the report itself crashed.
};
State state;

template <size_t kBytes>
void copy(char (&to)[kBytes], std::string_view from) {
    const size_t bytes = std::min(from.size(), kBytes - 1);
    std::copy_n(from.data(), bytes, to);
    to[bytes] = '\0';
}

int open_log() {
    if (state.log_path[0] == '\0') return STDOUT_FILENO;
    const int file = open(state.log_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    return file < 0 ? STDERR_FILENO : file;
}

CrashWriter& line(CrashWriter& out) {
    return out.line_start('M', state.utc_offset_seconds);
}

// A crash inside the report is one as well, and the report ends by a signal, whoever blocked it: a
// sanitizer that calls our handler from its own blocks all.
void unblock_crash_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    for (int each : kCrashSignals) sigaddset(&signals, each);
    pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

// Only the first thread that crashes writes; a crash inside its report ends in a shorter one, the
// next one in silence.
void enter_report() {
    const auto self = static_cast<pid_t>(syscall(SYS_gettid));
    pid_t nobody = 0;
    if (!state.crashing_thread.compare_exchange_strong(nobody, self) && nobody != self) {
        for (;;) pause();
    }
    if (state.depth.fetch_add(1) >= 2) _exit(1);
    unblock_crash_signals();
}

bool is_recursive() {
    return state.depth.load() > 1;
}

void write_start(CrashWriter& out) {
    if (is_recursive()) return;
    out.text("\n\n=== MILLRACE BUG REPORT START: Cut & paste starting from here ===\n");
}

void write_sections(CrashWriter& out) {
    if (is_recursive()) return;
    for (size_t i = 0; i < state.section_count; ++i) {
        const CrashSection& section = state.sections[i];
        out.text("\n------ ").text(section.title).text(" ------\n");
        out.flush();
        section.write(section.context, out);
        out.flush();
    }
}

[[noreturn]] void end_report(CrashWriter& out, int signal_number) {
    out.text("\n=== MILLRACE BUG REPORT END. Make sure to include from START to END. ===\n\n");
    out.text("       Please tell the authors what happened, and send this report along.\n\n");
    out.flush();
    if (state.pid_path[0] != '\0') unlink(state.pid_path);
    if (state.exit_after) _exit(1);

    struct sigaction action {};
    action.sa_handler = SIG_DFL;
    sigemptyset(&action.sa_mask);
    sigaction(signal_number, &action, nullptr);
    raise(signal_number);
    _exit(1);
}

// --- signals ---

const void* instruction_of(const ucontext_t& context) {
#if defined(__x86_64__)
    return std::bit_cast<const void*>(context.uc_mcontext.gregs[REG_RIP]);
#elif defined(__aarch64__)
    return std::bit_cast<const void*>(context.uc_mcontext.pc);
#else
    (void)context;
    return nullptr;
#endif
}

void write_registers(CrashWriter& out, const ucontext_t& context) {
    out.text("\n------ REGISTERS ------\n");
#if defined(__x86_64__)
    struct Register {
        const char* name;
        int at;
    };
    constexpr Register kRegisters[] = {
        {"RAX", REG_RAX}, {"RBX", REG_RBX}, {"RCX", REG_RCX}, {"RDX", REG_RDX}, {"RDI", REG_RDI},
        {"RSI", REG_RSI}, {"RBP", REG_RBP}, {"RSP", REG_RSP}, {"R8", REG_R8},   {"R9", REG_R9},
        {"R10", REG_R10}, {"R11", REG_R11}, {"R12", REG_R12}, {"R13", REG_R13}, {"R14", REG_R14},
        {"R15", REG_R15}, {"RIP", REG_RIP}, {"EFL", REG_EFL},
    };
    for (const Register& each : kRegisters) {
        out.text(each.name).text(":").hex(static_cast<uint64_t>(context.uc_mcontext.gregs[each.at]),
                                          16);
        out.text("\n");
    }
#elif defined(__aarch64__)
    for (int i = 0; i < 31; ++i)
        out.text("X").decimal(i).text(":").hex(context.uc_mcontext.regs[i], 16).text("\n");
    out.text("SP:").hex(context.uc_mcontext.sp, 16).text("\n");
#else
    (void)context;
#endif
}

void on_signal(int signal_number, siginfo_t* info, void* context_pointer) {
    enter_report();
    const auto& context = *static_cast<const ucontext_t*>(context_pointer);
    CrashWriter out(open_log());
    write_start(out);
    if (is_recursive()) {
        // Compat: tests look for this sentence.
        line(out).text(
            "Crashed running signal handler. Providing reduced version of recursive crash "
            "report.\n");
    }
    line(out).text(state.version).text(" crashed by signal: ").decimal(signal_number);
    out.text(", si_code: ").decimal(info->si_code).text("\n");
    if (signal_number == SIGSEGV || signal_number == SIGBUS) {
        line(out).text("Accessing address: ").pointer(info->si_addr).text("\n");
    }
    if (info->si_code == SI_USER) {
        line(out)
            .text("Killed by PID: ")
            .decimal(info->si_pid)
            .text(", UID: ")
            .decimal(info->si_uid)
            .text("\n");
    }
    const void* instruction = instruction_of(context);
    line(out).text("Crashed running the instruction at: ").pointer(instruction).text("\n");
    write_thread_traces(out, instruction);
    write_registers(out, context);
    write_sections(out);
    end_report(out, signal_number);
}

// --- assertions ---

void on_assertion(const char* condition, const char* file, int line_number) {
    enter_report();
    CrashWriter out(open_log());
    write_start(out);
    line(out).text(is_recursive() ? "=== RECURSIVE ASSERTION FAILED ===\n"
                                  : "=== ASSERTION FAILED ===\n");
    line(out).text("==> ").text(file).text(":").decimal(line_number);
    out.text(" '").text(condition).text("' is not true\n");
    write_thread_traces(out, nullptr);
    write_sections(out);
    end_report(out, SIGABRT);
}

void take_signals() {
    struct sigaction action {};
    action.sa_sigaction = on_signal;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    for (int each : kCrashSignals) sigaction(each, &action, nullptr);
}

}  // namespace

void install_crash_report(const CrashReportOptions& options) {
    copy(state.version, options.version);
    copy(state.log_path, options.log_path);
    copy(state.pid_path, options.pid_path);
    state.exit_after = options.exit_after;
    const time_t now = time(nullptr);
    tm local{};
    localtime_r(&now, &local);
    state.utc_offset_seconds = static_cast<int>(local.tm_gmtoff);

    install_thread_traces();
    take_signals();
    set_assertion_handler(on_assertion);
}

void remove_crash_handlers() {
    for (int each : kCrashSignals) signal(each, SIG_DFL);
}

void add_crash_section(const CrashSection& section) {
    CHECK(state.section_count < kSectionsMax);
    state.sections[state.section_count++] = section;
}

void clear_crash_sections() {
    state.section_count = 0;
}

void panic(std::string_view message, const char* file, int line_number) {
    enter_report();
    CrashWriter out(open_log());
    write_start(out);
    line(out).text("------------------------------------------------\n");
    line(out).text("!!! Software Failure.\n");
    line(out)
        .text("Guru Meditation: ")
        .text(message)
        .text(" #")
        .text(file)
        .text(":")
        .decimal(line_number);
    out.text("\n");
    write_thread_traces(out, nullptr);
    write_sections(out);
    end_report(out, SIGABRT);
}

void crash_on_purpose(std::string_view what) {
    if (what == "segfault") {
        void* const page = mmap(nullptr, 1, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        *static_cast<volatile char*>(page) = 'x';
    }
    if (what == "assert") CHECK(1 == 2);
    if (what == "panic") panic("DEBUG PANIC was called", __FILE__, __LINE__);
}

SignalStack::SignalStack() {
    constexpr size_t kBytes = 64 * 1024;
    memory_ = static_cast<char*>(std::malloc(kBytes));
    stack_t stack{};
    stack.ss_sp = memory_;
    stack.ss_size = kBytes;
    sigaltstack(&stack, nullptr);
}

SignalStack::~SignalStack() {
    stack_t stack{};
    stack.ss_flags = SS_DISABLE;
    sigaltstack(&stack, nullptr);
    std::free(memory_);
}

}  // namespace millrace::server
