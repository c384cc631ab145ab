import Keel

/// One console for several worlds: each line of their text has the world's number before it, and
/// what is typed goes to one of them.
struct Terminal {
    private let console: Console
    private let guestCount: Int
    /// Who gets what is typed.
    private var focus = 0
    private var isAtLineStart = true
    private var lastWriter = 0

    /// Ctrl-T: the next guest gets what is typed.
    private static var switchKey: UInt8 { 0x14 }

    init(_ console: Console, guestCount: Int) {
        self.console = console
        self.guestCount = guestCount
    }

    /// What was typed, after an external interrupt, and whom it is for.
    mutating func typed() -> [(world: Int, byte: UInt8)] {
        var bytes: [(world: Int, byte: UInt8)] = []
        for byte in console.takeInput() {
            guard byte == Self.switchKey && guestCount > 1 else {
                bytes.append((focus, byte))
                continue
            }
            focus = (focus + 1) % guestCount
            var line: [UInt8] = []
            line.append(text: "keel: what is typed goes to guest ")
            line.append(decimal: UInt64(focus))
            line.append(text: "\r\n")
            show(ownLine: line)
        }
        return bytes
    }

    /// What a world has written, and what the monitor says of it.
    mutating func show(_ world: inout World) {
        if !world.log.isEmpty {
            show(ownLine: world.log)
            world.log.removeAll(keepingCapacity: true)
        }
        guard let last = world.output.last else { return }
        if guestCount == 1 {
            console.write(world.output)
            isAtLineStart = last == 10
        } else {
            for byte in world.output { show(byte, of: world.number) }
        }
        world.output.removeAll(keepingCapacity: world.output.capacity <= 4096)
    }

    mutating func show(ownLine text: [UInt8]) {
        if !isAtLineStart { console.write([13, 10]) }
        console.write(text)
        isAtLineStart = true
    }

    private mutating func show(_ byte: UInt8, of number: Int) {
        if lastWriter != number && !isAtLineStart { console.write([13, 10]) }
        if lastWriter != number || isAtLineStart {
            console.write([UInt8(ascii: "["), 48 + UInt8(number), UInt8(ascii: "]"), 32])
        }
        console.write([byte])
        lastWriter = number
        isAtLineStart = byte == 10
    }
}
