#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <string>
#include <vector>

// Preloaded into a process, it makes one of its steps on the data file go wrong: a step is a call
// that writes or syncs. KIGUMI_FAULT_AT names the step, counted from 1, and KIGUMI_FAULT how:
//
//   crash      the process ends before the step; what it wrote stays, as after kill -9
//   lose       as after a power cut: all that was written since the last sync is lost
//   tear       every other write since the last sync is lost, and half of the last step's is kept
//   tear-meta  the first write of a meta page from that step on is cut in half
//   fail       the step fails with EIO, and so do the KIGUMI_FAULT_TIMES - 1 after it
//   short      the first write from that step on does half of its work and says so
//
// With KIGUMI_FAULT_ON, one of "write", "sync" and "meta page", it is the first step of that kind
// from there on. If KIGUMI_FAULT_SAY is set, "fault: meta page" on stderr says which kind it was.
//
// If KIGUMI_SYNC_LOG names a file, the path of each file and directory that is synced, the data
// file included, is a line in it.

namespace {

struct Undo {
    off_t offset;
    std::string before;
};

enum class Call { kWrite, kMetaPage, kSync };
enum class Verdict { kGoOn, kFail, kShort };

int step = 0;
int faults = 0;
std::vector<Undo> unsynced;
off_t synced_size = 0;  // before the first of them

template <class F>
F* real(const char* name) {
    return reinterpret_cast<F*>(dlsym(RTLD_NEXT, name));
}

int number(const char* name, int otherwise) {
    const char* text = getenv(name);
    return text == nullptr ? otherwise : atoi(text);
}

bool how(const char* kind) {
    const char* text = getenv("KIGUMI_FAULT");
    return text != nullptr && strcmp(text, kind) == 0;
}

bool is_data_file(int fd) {
    char path[4096];
    const ssize_t size =
        readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), path, sizeof path - 1);
    return size > 0 && std::string(path, static_cast<std::size_t>(size)).ends_with("/data.mdb");
}

void log_sync(int fd) {
    const char* const log = getenv("KIGUMI_SYNC_LOG");
    if (log == nullptr) return;
    char path[4096];
    const ssize_t size =
        readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), path, sizeof path - 1);
    if (size <= 0) return;
    const std::string line = std::string(path, static_cast<std::size_t>(size)) + '\n';
    const int to = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    static_cast<void>(!write(to, line.data(), line.size()));
    close(to);
}

bool writes_through(int fd) { return (fcntl(fd, F_GETFL) & O_DSYNC) != 0; }

off_t size_of(int fd) {
    struct stat info {};
    fstat(fd, &info);
    return info.st_size;
}

ssize_t write_at(int fd, const char* data, std::size_t size, off_t offset) {
    return real<ssize_t(int, const void*, size_t, off_t)>("pwrite")(fd, data, size, offset);
}

/// Puts the file back to what a power cut would leave of it.
void cut_power(int fd, bool tear) {
    const int file = open(("/proc/self/fd/" + std::to_string(fd)).c_str(), O_RDWR);
    for (std::size_t i = unsynced.size(); i-- > 0;) {
        if (tear && i % 2 == 0) continue;
        const Undo& undo = unsynced[i];
        write_at(file, undo.before.data(), undo.before.size(), undo.offset);
    }
    if (!tear && !unsynced.empty() && ftruncate(file, synced_size) != 0) _exit(99);
}

std::string name_of(Call call) {
    return call == Call::kSync ? "sync" : call == Call::kMetaPage ? "meta page" : "write";
}

/// Whether this step is the one to go wrong.
bool is_fault(Call call) {
    const int at = number("KIGUMI_FAULT_AT", 0);
    const char* const on = getenv("KIGUMI_FAULT_ON");
    ++step;
    if (at == 0 || step < at || faults >= number("KIGUMI_FAULT_TIMES", 1)) return false;
    if (on != nullptr && name_of(call) != on) return false;
    if (how("tear-meta") && call != Call::kMetaPage) return false;
    if (how("short") && call == Call::kSync) return false;
    ++faults;
    return true;
}

void say(Call call) {
    if (getenv("KIGUMI_FAULT_SAY") == nullptr) return;
    const std::string line = "fault: " + name_of(call) + '\n';
    // One call, so that it stays one line among those of the process.
    static_cast<void>(!write(STDERR_FILENO, line.data(), line.size()));
}

/// What is to become of a step. May not return.
Verdict before_step(int fd, Call call, const char* data, std::size_t size, off_t offset) {
    if (!is_fault(call)) return Verdict::kGoOn;
    say(call);
    if (how("short")) return Verdict::kShort;
    if (how("fail")) {
        errno = EIO;
        return Verdict::kFail;
    }
    // Disks write one sector whole, and the part of a meta page that is written is less than that:
    // only "tear-meta" cuts it, since a file system need not keep to sectors.
    const bool tear = how("tear");
    if ((tear && call == Call::kWrite) || how("tear-meta")) write_at(fd, data, size / 2, offset);
    if (tear || how("lose")) cut_power(fd, tear);
    _exit(137);
}

void note_write(int fd, std::size_t size, off_t offset) {
    if (writes_through(fd)) return;
    // What other processes wrote before this one's turn was synced by them.
    if (unsynced.empty()) synced_size = size_of(fd);
    std::string before(size, '\0');
    const ssize_t got = pread(fd, before.data(), size, offset);
    before.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    before.resize(size);
    unsynced.push_back({offset, std::move(before)});
}

ssize_t write_step(int fd, const char* data, std::size_t size, off_t offset) {
    const Call call = writes_through(fd) ? Call::kMetaPage : Call::kWrite;
    const Verdict verdict = before_step(fd, call, data, size, offset);
    if (verdict == Verdict::kFail) return -1;
    note_write(fd, size, offset);
    return write_at(fd, data, verdict == Verdict::kShort ? size / 2 : size, offset);
}

int sync_step(int fd, const char* name) {
    if (before_step(fd, Call::kSync, nullptr, 0, 0) == Verdict::kFail) return -1;
    const int result = real<int(int)>(name)(fd);
    if (result == 0) unsynced.clear();
    return result;
}

}  // namespace

extern "C" {

ssize_t pwrite(int fd, const void* data, size_t size, off_t offset) {
    const auto* const bytes = static_cast<const char*>(data);
    return is_data_file(fd) ? write_step(fd, bytes, size, offset)
                            : write_at(fd, bytes, size, offset);
}

ssize_t writev(int fd, const iovec* parts, int count) {
    if (!is_data_file(fd)) return real<ssize_t(int, const iovec*, int)>("writev")(fd, parts, count);
    std::string data;
    for (int i = 0; i < count; ++i)
        data.append(static_cast<const char*>(parts[i].iov_base), parts[i].iov_len);
    const off_t offset = lseek(fd, 0, SEEK_CUR);
    const ssize_t done = write_step(fd, data.data(), data.size(), offset);
    if (done > 0) lseek(fd, offset + done, SEEK_SET);
    return done;
}

int fdatasync(int fd) {
    log_sync(fd);
    return is_data_file(fd) ? sync_step(fd, "fdatasync") : real<int(int)>("fdatasync")(fd);
}

int fsync(int fd) {
    log_sync(fd);
    return is_data_file(fd) ? sync_step(fd, "fsync") : real<int(int)>("fsync")(fd);
}

}  // extern "C"
