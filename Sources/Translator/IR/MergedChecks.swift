import Bits
import RISCV

extension IRBlock {
    /// An access whose check may serve those behind it.
    private struct Group {
        var leader = -1
        var base = Place.none
        var lowest: Int64 = 0
        var end: Int64 = 0
        var hasStore = false
        var members = 0
        var lastUse = 0
    }

    /// Gives loads and stores off the same unchanged base one check for all (of less than a page):
    /// the first one's covers them. Two groups can be open at a time, one for each of the two host
    /// registers; everything in between keeps those registers.
    mutating func mergeChecks() {
        var groups = (Group(), Group())
        var next: UInt8 = 2
        var index = 0
        while index < count {
            let i = instructions[index]
            switch i.operation {
            case .load, .store:
                if !join(&groups.0, index) && !join(&groups.1, index) {
                    let second = groups.1.lastUse < groups.0.lastUse
                    if next < 254 {
                        // Even numbers are rcx's, odd ones r15's.
                        let number = (next & ~1) | (second ? 1 : 0)
                        next &+= 2
                        if second {
                            open(&groups.1, index, number)
                        } else {
                            open(&groups.0, index, number)
                        }
                    }
                }
            case .loadReserved, .storeConditional, .atomic, .compareAndSwap:
                groups.0.leader = -1
            case .binary:
                if usesScratch(i) { groups.0.leader = -1 }
            case .float: break
            default: break
            }
            if i.to.isX {
                if groups.0.base == i.to { groups.0.leader = -1 }
                if groups.1.base == i.to { groups.1.leader = -1 }
            }
            index &+= 1
        }
    }

    private mutating func open(_ group: inout Group, _ index: Int, _ number: UInt8) {
        let i = instructions[index]
        let bytes = Int64(AccessWidth(rawValue: i.width)?.bytes ?? 8)
        group = Group(
            leader: index, base: i.a, lowest: i.immediate, end: i.immediate &+ bytes,
            hasStore: i.operation == .store, members: 1, lastUse: index)
        instructions[index].group = number
    }

    private mutating func join(_ group: inout Group, _ index: Int) -> Bool {
        let i = instructions[index]
        guard group.leader >= 0, group.base == i.a, i.a.isX else { return false }
        let bytes = Int64(AccessWidth(rawValue: i.width)?.bytes ?? 8)
        let lowest = min(group.lowest, i.immediate)
        let end = max(group.end, i.immediate &+ bytes)
        guard end &- lowest <= 512, lowest >= -2048, end <= 2056 else { return false }
        group.lowest = lowest
        group.end = end
        group.members &+= 1
        group.lastUse = index
        let isStore = i.operation == .store
        if isStore { group.hasStore = true }
        instructions[group.leader].spanStart = Int16(truncatingIfNeeded: lowest)
        instructions[group.leader].span = UInt16(truncatingIfNeeded: end &- lowest)
        if isStore { instructions[group.leader].flags.insert(.checksStore) }
        instructions[index].group = instructions[group.leader].group
        instructions[index].flags.insert(.isChecked)
        relocate(group)
        return true
    }
    /// Members know where the group starts.
    private func relocate(_ group: Group) {
        let number = instructions[group.leader].group
        var index = group.leader
        while index <= group.lastUse {
            if instructions[index].group == number, instructions[index].flags.contains(.isChecked) {
                instructions[index].spanStart = Int16(truncatingIfNeeded: group.lowest)
            }
            index &+= 1
        }
    }

    /// Operations that need the first group's register.
    private func usesScratch(_ i: IRInstruction) -> Bool {
        switch BinaryOperation(rawValue: i.code) {
        case .divide, .divideUnsigned, .remainder, .remainderUnsigned, .rotateLeft, .rotateRight:
            true
        default: false
        }
    }
}
