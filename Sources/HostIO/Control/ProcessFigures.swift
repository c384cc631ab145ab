import Glibc

/// What this process uses of the host. Its file is opened once, so that it can be read by a process
/// that may open no more.
package final class ProcessFigures: Sendable {
    private let file: Int32

    package init() {
        // SAFETY: a constant path.
        file = unsafe open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
    }
    deinit { close(file) }

    /// Memory of the host that is in use; 0 where it cannot be told (proc(5), statm).
    package var residentBytes: UInt64 {
        var text = [UInt8](repeating: 0, count: 128)
        // SAFETY: at most as many bytes as the array has are read into it.
        let count = unsafe pread(file, &text, text.count, 0)
        guard count > 0 else { return 0 }
        let words = String(decoding: text[..<count], as: UTF8.self).split(separator: " ")
        guard words.count > 1, let pages = UInt64(words[1]) else { return 0 }
        return pages &* UInt64(sysconf(Int32(_SC_PAGESIZE)))
    }

    /// Time that the threads of this process ran.
    package var threadSeconds: Double {
        var time = timespec()
        // SAFETY: the call fills a local.
        unsafe _ = clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
