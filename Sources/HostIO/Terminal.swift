import Bits
import CHost
import Glibc

/// The terminal that people sit at.
package enum Terminal {
    package static func isOne(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

    /// Each key goes to the guest from here on, until `restore()`, the exit or a crash.
    package static func makeRaw(_ descriptor: Int32) throws(HullError) {
        let outcome = hull_terminal_make_raw(descriptor)
        guard outcome == 0 else {
            throw HullError(
                .host, "The terminal refused raw mode; use a pipe or a file as standard input.",
                cause: HostCall.reason(outcome))
        }
    }
    package static func restore() { hull_terminal_restore() }

    package static func size(_ descriptor: Int32) -> (columns: Int, rows: Int)? {
        var columns: Int32 = 0
        var rows: Int32 = 0
        // SAFETY: both are locals that the call fills.
        guard unsafe hull_terminal_size(descriptor, &columns, &rows) else { return nil }
        return (Int(columns), Int(rows))
    }
}

/// What is typed after Ctrl-A is for us and not for the guest.
package struct PrefixKeys: Sendable, Equatable {
    package enum Command: Sendable, Equatable { case quit, list, detach }
    package static let prefix: UInt8 = 0x01
    package static let list = """
        Ctrl-A x       quit
        Ctrl-A d       leave the machine running and go (hull console)
        Ctrl-A h       this list
        Ctrl-A Ctrl-A  a Ctrl-A for the guest

        """

    private var sawPrefix = false
    package init() {}

    /// Splits what was typed; any other key after the prefix is dropped with it.
    package mutating func take(_ typed: [UInt8]) -> (forGuest: [UInt8], commands: [Command]) {
        var forGuest: [UInt8] = []
        var commands: [Command] = []
        for byte in typed {
            guard sawPrefix else {
                if byte == Self.prefix { sawPrefix = true } else { forGuest.append(byte) }
                continue
            }
            sawPrefix = false
            switch byte {
            case Self.prefix: forGuest.append(byte)
            case UInt8(ascii: "x"), UInt8(ascii: "X"): commands.append(.quit)
            case UInt8(ascii: "d"), UInt8(ascii: "D"): commands.append(.detach)
            case UInt8(ascii: "h"), UInt8(ascii: "H"), UInt8(ascii: "?"): commands.append(.list)
            default: break
            }
        }
        return (forGuest, commands)
    }
}
