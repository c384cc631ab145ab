import Bits
import Hart
import RISCV

extension Translator {
    /// Describes the unit that starts at `pc` as `hart` sees it: its live fragment where there is one,
    /// else a draft that is thrown away. nil: there is no code to translate.
    package func describe(_ hart: Hart, _ pc: UInt64) -> UnitDescription? {
        guard let page = hart.codePage(pc) else { return nil }
        return describe(hart, pc, page: page)
    }

    /// The same where the caller knows the guest-physical page that `pc` is in.
    package func describe(_ hart: Hart, _ pc: UInt64, page: UInt64) -> UnitDescription? {
        cache.pointee.describe(hart, pc, page)
    }
}

extension TranslationCache {
    mutating func describe(_ hart: Hart, _ pc: UInt64, _ page: UInt64) -> UnitDescription? {
        guard !needsRoom, let host = memory.host(GuestPhysical(page), count: 4096) else {
            return nil
        }
        let live = fragments.find(page | (pc & 0xfff), pc).map { fragments[$0] }
        let draft = UnitDraft()
        let (before, counts) = (used, statistics)
        self.draft = draft
        defer {
            self.draft = nil
            used = before
            statistics = counts
        }
        guard let made = emit(hart, pc, page, live?.flags ?? []) else { return nil }
        let fragment = live ?? made

        var result = UnitDescription(pc: pc)
        let parcels = UnsafeRawPointer(host)
        result.guests = draft.guests.map { guest in
            let offset = Int(truncatingIfNeeded: guest.pc & 0xffe)
            var bits = UInt32(parcels.load(fromByteOffset: offset, as: UInt16.self))
            if bits & 3 == 3, offset < 4094 {
                bits |= UInt32(parcels.load(fromByteOffset: offset + 2, as: UInt16.self)) << 16
            }
            return UnitDescription.Guest(
                pc: guest.pc, bits: bits, instruction: guest.instruction)
        }
        result.lifted = draft.lifted
        result.optimised = draft.optimised
        result.isLive = live != nil
        if fragment.flags.contains(.isLoop) { result.forms.append("a hot loop") }
        if fragment.flags.contains(.isSeparate) { result.forms.append("each access checked") }
        result.hostStart = offset(of: fragment.code)
        let bytes = UnsafeBufferPointer(
            start: buffer.writable + Int(result.hostStart), count: Int(fragment.hostBytes))
        result.host = Array(bytes)
        result.thunks = thunkNames
        addExits(of: draft.block, to: &result)
        return result
    }

    /// The distance of an executable address from the start of the buffer.
    private func offset(of code: UInt64) -> UInt64 {
        code
            &- UInt64(UInt(bitPattern: buffer.writable))
            &- UInt64(UInt(bitPattern: buffer.executableOffset))
    }
    private var thunkNames: [(name: String, at: UInt64)] {
        var names = [
            ("exitLookup", offset(of: thunks.exitLookup)),
            ("exitChain", offset(of: thunks.exitChain)),
            ("exitBudget", offset(of: thunks.exitBudget)),
            ("exitInterpret", offset(of: thunks.exitInterpret)),
            ("exitSystem", offset(of: thunks.exitSystem)),
        ]
        for (index, access) in ["load", "store", "laterStore"].enumerated() {
            for (second, register) in ["rcx", "r15"].enumerated() {
                names.append(
                    ("\(access)Miss_\(register)", offset(of: thunks.accesses[index * 2 + second])))
            }
        }
        return names.map { (name: $0.0, at: $0.1) }
    }

    /// The exits that the IR says, with the places in the host code where jumps are chained. Code that
    /// follows the unit's end comes first in the host code, branches behind it.
    private func addExits(of block: [IRInstruction], to result: inout UnitDescription) {
        var jumps = chainableJumps(result)
        result.records = jumps.map(\.record)
        let leaving = block.filter { $0.operation.ends } + block.filter { $0.operation == .branch }
        for instruction in leaving {
            var exit = UnitDescription.Exit(
                kind: .lookup, guest: min(Int(instruction.guest), result.guests.count - 1))
            switch instruction.operation {
            case .jumpRegister: exit.kind = .indirect
            case .system: exit.kind = .system
            case .interpret: exit.kind = .interpreter
            default:
                exit.target = instruction.target
                if let index = jumps.firstIndex(where: { $0.target == instruction.target }) {
                    let jump = jumps.remove(at: index)
                    exit.kind = .chained(jump: jump.at, to: jump.to)
                } else if instruction.target == result.pc {
                    exit.kind = .loop
                }
            }
            result.exits.append(exit)
        }
    }

    private struct ChainableJump {
        /// Where its displacement lies, and where it leads once it is chained.
        var at: UInt64
        var to: UInt64?
        var target: UInt64
        var record: Range<Int>
    }
    /// The jumps in the host code that wait to be chained, or are (`ExitRecord`): found by the code
    /// before the record, which names it and jumps to `exitChain`.
    private func chainableJumps(_ unit: UnitDescription) -> [ChainableJump] {
        let start = Int(unit.hostStart)
        let exitChain = Int(offset(of: thunks.exitChain))
        let code = UnsafeRawPointer(buffer.writable)
        var result: [ChainableJump] = []
        var record = start + ExitRecord.distance
        while record + ExitRecord.bytes <= start + unit.host.count {
            guard buffer.writable[record - 10] == 0xb8, buffer.writable[record - 5] == 0xe9,
                code.loadUnaligned(fromByteOffset: record - 9, as: UInt32.self) == UInt32(record),
                destination(ofDisplacement: record - 4) == exitChain
            else {
                record += 1
                continue
            }
            let place = displacement(ofRecord: record)
            let to = destination(ofDisplacement: place)
            // Until it is chained it leads to the code before the record.
            result.append(
                ChainableJump(
                    at: UInt64(place), to: to == record - ExitRecord.distance ? nil : UInt64(to),
                    target: exit(record).pc,
                    record: record - start..<record - start + ExitRecord.bytes))
            record += ExitRecord.bytes
        }
        return result
    }
    private func destination(ofDisplacement place: Int) -> Int {
        let code = UnsafeRawPointer(buffer.writable)
        return place + 4 + Int(code.loadUnaligned(fromByteOffset: place, as: Int32.self))
    }
}
