import Bits
import CHost
import Effects
import Glibc
import Journal

/// Turns signals into events. For the command only: a program that embeds Hull has its own.
package enum HostSignals {
    /// Installs the handlers, once per process. The end that a signal asks for becomes
    /// `Event.stop(128 + signal)`.
    package static func install(inbox: EventInbox, console: HostConsole?) throws(HullError) {
        let bell = try Doorbell()
        let outcome = hull_signals_install(bell.descriptor)
        guard outcome == 0 else {
            throw HullError(
                .host, "Signal handlers cannot be installed.", cause: HostCall.reason(outcome))
        }
        try HostThread("signals") {
            while true {
                var wanted = pollfd(fd: bell.descriptor, events: Int16(POLLIN), revents: 0)
                // SAFETY: the call fills a local.
                unsafe _ = poll(&wanted, 1, -1)
                bell.silence()
                deliver(hull_signals_take(), inbox, console)
            }
        }.detach()
    }

    private static func deliver(_ noted: UInt64, _ inbox: EventInbox, _ console: HostConsole?) {
        if noted & 1 << UInt64(SIGWINCH) != 0 { console?.postSize() }
        for signal in [SIGTERM, SIGINT, SIGHUP, SIGQUIT] where noted & 1 << UInt64(signal) != 0 {
            console?.abandonOutput()
            inbox.post(.stop(exitCode: 128 + UInt8(signal)))
            return
        }
    }
}
