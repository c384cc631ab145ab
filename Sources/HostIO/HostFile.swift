import Bits
import Glibc

/// Files of the host, for images and tables.
package enum HostFile {
    /// All bytes of a file, a pipe or a device, if there are no more than `limitBytes`.
    package static func read(_ path: String, limitBytes: Int = 4 << 30) throws(HullError) -> [UInt8]
    {
        // SAFETY: the path is a string that lives through the call.
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw cannot("opened", path) }
        defer { close(file) }
        var status = stat()
        // SAFETY: the call fills a local.
        guard unsafe fstat(file, &status) == 0 else { throw cannot("read", path) }
        if status.st_mode & S_IFMT == S_IFDIR {
            throw HullError(.usage, "\(path) is a directory; name a file.")
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(min(max(Int(status.st_size), 0), limitBytes))
        while true {
            switch readSome(file, 1 << 20) {
            case .bytes(let some): bytes.append(contentsOf: some)
            case .tryAgain: continue
            case .end: return bytes
            case .failed: throw cannot("read", path)
            }
            guard bytes.count <= limitBytes else {
                throw HullError(.format, "\(path) is larger than \(limitBytes) bytes.")
            }
        }
    }

    /// The first bytes of a file, at most `count`.
    package static func start(of path: String, _ count: Int) throws(HullError) -> [UInt8] {
        // SAFETY: the path is a string that lives through the call.
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw cannot("opened", path) }
        defer { close(file) }
        var bytes: [UInt8] = []
        while bytes.count < count {
            switch readSome(file, count - bytes.count) {
            case .bytes(let some): bytes += some
            case .tryAgain: continue
            case .end: return bytes
            case .failed: throw cannot("read", path)
            }
        }
        return bytes
    }

    /// Replaces a file by these bytes; who reads it meanwhile sees the old or the new one.
    package static func write(_ path: String, _ bytes: [UInt8]) throws(HullError) {
        let draft = path + ".\(getpid()).part"
        // SAFETY: both paths are strings that live through the calls.
        let file = unsafe open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw cannot("written", path) }
        let complete = writeAll(file, bytes)
        guard complete, close(file) == 0, unsafe rename(draft, path) == 0 else {
            let error = cannot("written", path)
            unsafe _ = unlink(draft)
            throw error
        }
    }

    /// Whether it can be read more than once: a file, and no pipe.
    package static func isRegular(_ path: String) -> Bool {
        var status = stat()
        // SAFETY: the path lives through the call, which fills a local.
        return unsafe fstatat(AT_FDCWD, path, &status, 0) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    static func cannot(_ verb: String, _ path: String) -> HullError {
        HullError(.host, "\(path) cannot be \(verb).", cause: HostCall.reason())
    }

    enum Read { case bytes([UInt8]), tryAgain, end, failed }

    /// One read of at most `count` bytes.
    static func readSome(_ file: Int32, _ count: Int) -> Read {
        var got = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            // SAFETY: the call fills at most the buffer's `count` bytes and says how many.
            got = unsafe Glibc.read(file, buffer.baseAddress, count)
            filled = max(got, 0)
        }
        if got > 0 { return .bytes(bytes) }
        if got == 0 { return .end }
        return errno == EINTR || errno == EAGAIN ? .tryAgain : .failed
    }

    /// False, with errno set, if not all of it could be written.
    @discardableResult
    package static func writeAll(_ file: Int32, _ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { all in
                // SAFETY: the range lies inside `all`.
                unsafe Glibc.write(file, all.baseAddress.map { unsafe $0 + sent }, all.count - sent)
            }
            if count >= 0 {
                sent += count
            } else if errno != EINTR && errno != EAGAIN {
                return false
            }
        }
        return true
    }
}

/// The host's clocks.
package enum HostClock {
    /// Nanoseconds since 1970, which people may set.
    package static func realNanoseconds() -> UInt64 {
        var now = timespec()
        // SAFETY: the call fills a local.
        unsafe _ = clock_gettime(CLOCK_REALTIME, &now)
        return UInt64(max(now.tv_sec, 0)) &* 1_000_000_000 &+ UInt64(now.tv_nsec)
    }

    /// `2026-11-28 12:00`, in universal time.
    package static func text(seconds: UInt64) -> String {
        var time = time_t(clamping: seconds)
        var parts = unsafe tm()
        // SAFETY: both point to locals.
        unsafe gmtime_r(&time, &parts)
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let (year, month, day) = unsafe (parts.tm_year, parts.tm_mon, parts.tm_mday)
        let (hour, minute) = unsafe (parts.tm_hour, parts.tm_min)
        return "\(year + 1900)-\(two(month + 1))-\(two(day)) \(two(hour)):\(two(minute))"
    }
}
