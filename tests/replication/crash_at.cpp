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
//   crash    the process ends before the step; what it wrote stays, as after kill -9
//   lose     as after a power cut: all that was written since the last sync is lost
//   tear     every other write since the last sync is lost, and half of the last step's is kept
//   fail     the step fails with EIO, and so do the KIGUMI_FAULT_TIMES - 1 after it

namespace {

struct Undo {
    off_t offset;
    std::string before;
};

int step = 0;
std::vector<Undo> unsynced;
off_t synced_size = 0;
int seen_fd = -1;

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

bool writes_through(int fd) { return (fcntl(fd, F_GETFL) & O_DSYNC) != 0; }

off_t size_of(int fd) {
    struct stat info {};
    fstat(fd, &info);
    return info.st_size;
}

/// Puts the file back to what a power cut would leave of it.
void cut_power(int fd, bool tear) {
    const int file = open(("/proc/self/fd/" + std::to_string(fd)).c_str(), O_RDWR);
    for (std::size_t i = unsynced.size(); i-- > 0;) {
        if (tear && i % 2 == 0) continue;
        const Undo& undo = unsynced[i];
        real<ssize_t(int, const void*, size_t, off_t)>("pwrite")(file, undo.before.data(),
                                                                 undo.before.size(), undo.offset);
    }
    if (!tear && ftruncate(file, synced_size) != 0) _exit(99);
}

/// What happens before a step: -1 if it has to fail, 0 if it may go on. May not return.
int before_step(int fd, const char* data, std::size_t size, off_t offset) {
    seen_fd = fd;
    const int at = number("KIGUMI_FAULT_AT", 0);
    ++step;
    const bool fault = step >= at && step < at + number("KIGUMI_FAULT_TIMES", 1);
    if (fault && how("fail")) {
        errno = EIO;
        return -1;
    }
    if (!fault || at == 0) return 0;
    // A write through O_DSYNC is one sector of a meta page, which disks write whole.
    const bool tear = how("tear");
    if (tear && size > 1 && !writes_through(fd))
        real<ssize_t(int, const void*, size_t, off_t)>("pwrite")(fd, data, size / 2, offset);
    if (tear || how("lose")) cut_power(fd, tear);
    _exit(137);
}

void note_write(int fd, std::size_t size, off_t offset) {
    if (writes_through(fd)) return;
    std::string before(size, '\0');
    const ssize_t got = pread(fd, before.data(), size, offset);
    before.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    before.resize(size);
    unsynced.push_back({offset, std::move(before)});
}

int synced(int fd, const char* call) {
    if (is_data_file(fd) && before_step(fd, nullptr, 0, 0) != 0) return -1;
    const int result = real<int(int)>(call)(fd);
    if (result == 0 && is_data_file(fd)) {
        unsynced.clear();
        synced_size = size_of(fd);
    }
    return result;
}

}  // namespace

extern "C" {

ssize_t pwrite(int fd, const void* data, size_t size, off_t offset) {
    if (is_data_file(fd)) {
        if (before_step(fd, static_cast<const char*>(data), size, offset) != 0) return -1;
        note_write(fd, size, offset);
    }
    return real<ssize_t(int, const void*, size_t, off_t)>("pwrite")(fd, data, size, offset);
}

ssize_t writev(int fd, const iovec* parts, int count) {
    if (is_data_file(fd)) {
        std::string data;
        for (int i = 0; i < count; ++i)
            data.append(static_cast<const char*>(parts[i].iov_base), parts[i].iov_len);
        const off_t offset = lseek(fd, 0, SEEK_CUR);
        if (before_step(fd, data.data(), data.size(), offset) != 0) return -1;
        note_write(fd, data.size(), offset);
    }
    return real<ssize_t(int, const iovec*, int)>("writev")(fd, parts, count);
}

int fdatasync(int fd) { return synced(fd, "fdatasync"); }
int fsync(int fd) { return synced(fd, "fsync"); }

}  // extern "C"
