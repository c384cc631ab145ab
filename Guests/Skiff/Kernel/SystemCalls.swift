import CSkiff
import SkiffABI

extension Kernel {
    /// A program asks: the number in a7, operands in a0–a2, the result in a0.
    func systemCall(_ frame: TrapFrame) {
        guard let call = SystemCall(rawValue: frame.x(17)) else {
            frame.setX(10, ~0)
            return
        }
        let a0 = frame.x(10)
        let a1 = frame.x(11)
        switch call {
        case .exit:
            exit(current, code: a0 & 0xff)
            schedule()
        case .write: frame.setX(10, write(a0, a1))
        case .readLine: frame.setX(10, readLine(a0, a1))
        case .yield:
            frame.setX(10, 0)
            yield()
        case .sleep:
            frame.setX(10, 0)
            sleep(until: timer.now &+ timer.ticks(microseconds: a0))
        case .processNumber: frame.setX(10, current.number)
        case .fork: frame.setX(10, fork(frame)?.number ?? ~0)
        case .wait: frame.setX(10, waitForChild(a0) ?? ~0)
        case .fileName: frame.setX(10, fileName(a0, a1, frame.x(12)))
        case .fileRead: frame.setX(10, fileRead(a0, a1))
        case .fileSize: frame.setX(10, file(a0)?.count ?? ~0)
        case .timebase: frame.setX(10, timer.frequency)
        case .skipTraps, .takeTraps:
            let skips = call == .skipTraps
            csr_write_stvec(skips ? address_of_skiff_skip_entry() : address_of_skiff_trap_entry())
            // What steps over traps cannot serve interrupts.
            csr_write_sie(skips ? 0 : Interrupt.all)
            frame.setX(10, 0)
        case .kernelAddress: frame.setX(10, address_of_skiff_text_start())
        }
    }

    private func write(_ address: UInt64, _ count: UInt64) -> UInt64 {
        guard count <= 1 << 16, let bytes = copyIn(address, count) else { return ~0 }
        console.write(bytes: bytes[...])
        return count
    }

    private func readLine(_ address: UInt64, _ count: UInt64) -> UInt64 {
        let text = readLine()
        let taken = min(UInt64(text.count), count)
        return copyOut(text[..<Int(taken)], to: address) ? taken : ~0
    }

    /// Waits for a line of input, echoing it.
    func readLine() -> [UInt8] {
        var text: [UInt8] = []
        while !console.edit(&text) {
            if current.slot == 0 && console.isInterrupted {
                console.isInterrupted = false
                console.write("^C\n")
                return []
            }
            wait()
        }
        return text
    }

    /// A program's bytes, when all of them are its own to read.
    func copyIn(_ address: UInt64, _ count: UInt64) -> [UInt8]? {
        var bytes: [UInt8] = []
        for offset in 0..<count {
            guard let physical = resolve(address &+ offset, PTE.read) else { return nil }
            bytes.append(load8(physical))
        }
        return bytes
    }

    func copyOut(_ bytes: ArraySlice<UInt8>, to address: UInt64) -> Bool {
        var at = address
        for byte in bytes {
            guard let physical = resolve(at, PTE.write) else { return false }
            store8(physical, byte)
            at &+= 1
        }
        return true
    }

    private func resolve(_ address: UInt64, _ right: UInt64) -> UInt64? {
        if let physical = current.space.translate(address, right) { return physical }
        return growProgram(at: address) ? current.space.translate(address, right) : nil
    }

    private func fileName(_ number: UInt64, _ address: UInt64, _ count: UInt64) -> UInt64 {
        guard let file = file(number) else { return ~0 }
        let taken = min(UInt64(file.name.count), count)
        return copyOut(file.name[..<Int(taken)], to: address) ? taken : ~0
    }

    /// The request: offset, address and count of the bytes wanted.
    private func fileRead(_ number: UInt64, _ request: UInt64) -> UInt64 {
        guard let file = file(number), let words = copyIn(request, 24) else { return ~0 }
        func word(_ index: Int) -> UInt64 {
            words[8 * index..<8 * index + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
        guard let bytes = read(file, from: word(0), count: min(word(2), 4096)) else { return ~0 }
        return copyOut(bytes[...], to: word(1)) ? UInt64(bytes.count) : ~0
    }
}
