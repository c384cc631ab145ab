import Bits
import CHost
import Glibc

/// A thread of the host. It runs with the signals blocked that others send, so that handlers for
/// those run on the first thread.
package struct HostThread: Sendable {
    private let handle: pthread_t

    private final class Body: Sendable {
        let name: String
        let run: @Sendable () -> Void
        let files: FileRights?
        let isStartedConfined = hull_thread_is_confined()
        init(_ name: String, _ files: FileRights?, _ run: @escaping @Sendable () -> Void) {
            self.name = name
            self.files = files
            self.run = run
        }
    }

    /// `files` is what it may still reach once the program confines itself; its name says the rest
    /// (`ThreadKind`).
    package init(
        _ name: String, stackBytes: Int = 256 << 10, files: FileRights? = nil,
        _ run: @escaping @Sendable () -> Void
    ) throws(HullError) {
        var attributes = pthread_attr_t()
        var handle = pthread_t()
        // SAFETY: the attributes live until the call below has read them; the body is retained here
        // and released by the thread, or by us if there is none.
        unsafe pthread_attr_init(&attributes)
        defer { unsafe pthread_attr_destroy(&attributes) }
        unsafe pthread_attr_setstacksize(&attributes, stackBytes)
        var every = sigset_t()
        var before = sigset_t()
        unsafe sigfillset(&every)
        // A crash must still restore the terminal.
        for crash in [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS] {
            unsafe sigdelset(&every, crash)
        }
        unsafe pthread_sigmask(SIG_SETMASK, &every, &before)
        let body = unsafe Unmanaged.passRetained(Body(name, files, run))
        let outcome = unsafe pthread_create(
            &handle, &attributes,
            { argument in
                guard let argument = unsafe argument else { return nil }
                let body = unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue()
                unsafe hull_thread_set_name(body.name)
                Confinement.enterIfBegun(
                    ThreadKind(threadName: body.name), body.files,
                    isStartedConfined: body.isStartedConfined)
                body.run()
                return nil
            }, body.toOpaque())
        unsafe pthread_sigmask(SIG_SETMASK, &before, nil)
        guard outcome == 0 else {
            unsafe body.release()
            throw HullError(
                .host, "The host gave no thread for \(name).", cause: HostCall.reason(outcome))
        }
        self.handle = handle
    }

    /// Waits for its end. Once only, and not after `detach()`.
    package func join() { _ = pthread_join(handle, nil) }
    /// Nobody will wait for it.
    package func detach() { _ = pthread_detach(handle) }
}

/// What the host says about a call that failed.
package enum HostCall {
    package static func reason(_ code: Int32 = errno) -> String {
        // SAFETY: the text is valid until the next call on this thread and is copied at once.
        unsafe String(cString: strerror(code))
    }
}

/// A descriptor that one thread waits for and others ring.
package final class Doorbell: Sendable {
    package let descriptor: Int32
    package init() throws(HullError) {
        descriptor = hull_event_descriptor()
        guard descriptor >= 0 else {
            throw HullError(.host, "The host gave no event descriptor.", cause: HostCall.reason())
        }
    }
    deinit { close(descriptor) }

    package func ring() {
        var one: UInt64 = 1
        // SAFETY: eight bytes of a local are written. A full counter rings as well.
        unsafe _ = write(descriptor, &one, 8)
    }
    package func silence() {
        var count: UInt64 = 0
        // SAFETY: eight bytes of a local are read.
        unsafe _ = read(descriptor, &count, 8)
    }
}

/// A lock whose owner waits for a change of what it guards.
///
/// SAFETY: mutex and condition are allocated once and freed with the last reference.
@safe package final class Monitor: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>

    package init() {
        unsafe mutex = .allocate(capacity: 1)
        unsafe condition = .allocate(capacity: 1)
        unsafe pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        unsafe pthread_condattr_init(&attributes)
        unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        unsafe pthread_cond_init(condition, &attributes)
        unsafe pthread_condattr_destroy(&attributes)
    }
    deinit {
        unsafe pthread_cond_destroy(condition)
        unsafe pthread_mutex_destroy(mutex)
        unsafe condition.deallocate()
        unsafe mutex.deallocate()
    }
    package func locked<Result>(_ body: () -> Result) -> Result {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        return body()
    }
    /// Inside `locked`: lets others in until somebody signals.
    package func wait() { unsafe _ = pthread_cond_wait(condition, mutex) }
    /// The same, but not beyond this time of CLOCK_MONOTONIC.
    package func wait(untilNanoseconds deadline: UInt64) {
        var until = timespec(
            tv_sec: Int(deadline / 1_000_000_000), tv_nsec: Int(deadline % 1_000_000_000))
        unsafe _ = pthread_cond_timedwait(condition, mutex, &until)
    }
    package func signal() { unsafe _ = pthread_cond_signal(condition) }
    package func broadcast() { unsafe _ = pthread_cond_broadcast(condition) }
}
