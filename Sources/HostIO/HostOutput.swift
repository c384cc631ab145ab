import Bits
import CHost
import Glibc
import Journal

/// Where a guest's bytes go that nobody answers: a descriptor of the host.
package final class HostOutput: ConsoleBackEnd, Sendable {
    private let out: ConsoleOutput

    package init(_ descriptor: Int32, inbox: EventInbox) throws(HullError) {
        hull_signals_ignore_broken_pipes()
        out = try ConsoleOutput(descriptor) { [inbox] code in
            inbox.post(.stop(exitCode: code == EPIPE ? 128 + UInt8(SIGPIPE) : 1))
        }
    }
    package func output(_ bytes: [UInt8]) { out.append(bytes) }
    package func output(_ byte: UInt8) { out.append(byte) }
    package func flush() { out.flush() }
    package func flushIfDue() { out.flushIfDue() }
    package func inputTaken(_ count: Int) {}
}
