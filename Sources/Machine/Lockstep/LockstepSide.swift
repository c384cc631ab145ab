import Bits
import Journal

/// Keeps what a guest prints, to compare it and to show its end.
///
/// SAFETY: the thread that runs the machine alone reaches it.
package final class ComparedConsole: ConsoleBackEnd, @unchecked Sendable {
    package private(set) var count = 0
    private(set) var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    /// The last lines, for people.
    private var tail: [UInt8] = []
    private static let tailBytes = 4096

    package init() {}

    package func output(_ bytes: [UInt8]) { for byte in bytes { output(byte) } }
    package func output(_ byte: UInt8) {
        count += 1
        // FNV-1a.
        hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
        tail.append(byte)
        if tail.count >= 2 * Self.tailBytes { tail.removeFirst(Self.tailBytes) }
    }
    package func flush() {}
    package func inputTaken(_ count: Int) {}

    /// The guest printed the beginning of a line that asks for something.
    var showsPrompt: Bool { tail.last == UInt8(ascii: " ") }
    /// The last line that has something in it.
    package var lastLine: String {
        let lines = String(decoding: tail, as: UTF8.self)
            .split(whereSeparator: \.isNewline).filter { $0.contains { !$0.isWhitespace } }
        return lines.last.map(String.init) ?? ""
    }
    package var text: String { String(decoding: tail, as: UTF8.self) }
}

/// One of two machines that are alike but for their engines.
package struct LockstepSide {
    /// What the report calls its engine.
    package let name: String
    package let machine: Machine
    package let console: ComparedConsole
    package init(_ name: String, _ machine: Machine, _ console: ComparedConsole) {
        self.name = name
        self.machine = machine
        self.console = console
    }
}

extension Machine {
    /// What differs from another machine in what the guests could see, hart by hart. Devices are not
    /// compared: what they do differently shows in memory, harts or output.
    func differences(from other: Machine) -> [StateDifferences] {
        var found: [StateDifferences] = []
        for (mine, theirs) in zip(harts, other.harts) {
            var list = mine.agrees(with: theirs) ? [] : mine.differences(from: theirs)
            let waits = (isWaiting[mine.id], other.isWaiting[mine.id])
            if waits.0 != waits.1 {
                list.append(.init("waits", waits.0 ? 1 : 0, waits.1 ? 1 : 0))
            }
            if !list.isEmpty { found.append(StateDifferences(hart: mine.id, list: list)) }
        }
        return found
    }
}
