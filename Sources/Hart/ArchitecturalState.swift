import Bits
import GuestMemory
import RISCV

/// A register that differs between two harts.
package struct StateDifference: Sendable, Equatable {
    package var name: String
    package var first: UInt64
    package var second: UInt64
    package init(_ name: String, _ first: UInt64, _ second: UInt64) {
        self.name = name
        self.first = first
        self.second = second
    }
}

/// Everything that the guest could ever see of two harts, compared: the proof that two engines do the
/// same. Host addresses, tables and statistics are no part of it.
extension Hart {
    /// What `sc` will compare.
    package struct Reservation: Sendable, Equatable {
        package var address: GuestPhysical
        package var width: AccessWidth
        package var value: UInt64
    }

    package var reservation: Reservation? {
        guard isReservationHeld else { return nil }
        for index in 0..<memory.slotCount {
            let slot = memory.slots[index]
            let offset = state.pointee.reservedAddress &- UInt64(UInt(bitPattern: slot.base))
            guard offset < slot.count else { continue }
            return Reservation(
                address: GuestPhysical(slot.start &+ offset),
                width: AccessWidth(rawValue: state.pointee.reservedBytes) ?? .double,
                value: state.pointee.reservedValue)
        }
        return nil
    }

    /// Whether both are in the same state.
    package func agrees(with other: Hart) -> Bool {
        let mine = state
        let theirs = other.state
        for register in 0..<32
        where mine.pointee.x[register] != theirs.pointee.x[register]
            || mine.pointee.f[register] != theirs.pointee.f[register]
        { return false }
        return mine.pointee.pc == theirs.pointee.pc
            && mine.pointee.privilege == theirs.pointee.privilege
            && mine.pointee.retired == theirs.pointee.retired
            && isReservationHeld == other.isReservationHeld
            && (!isReservationHeld || reservation == other.reservation)
            && mine.pointee.csr == theirs.pointee.csr
    }

    /// What differs, for people.
    package func differences(from other: Hart) -> [StateDifference] {
        var found: [StateDifference] = []
        func compare(_ name: String, _ first: UInt64, _ second: UInt64) {
            if first != second { found.append(StateDifference(name, first, second)) }
        }
        compare("pc", pc, other.pc)
        compare("privilege", UInt64(privilege.rawValue), UInt64(other.privilege.rawValue))
        compare("virtualization", csr.isVirtual ? 1 : 0, other.csr.isVirtual ? 1 : 0)
        compare("retired", retired, other.retired)
        for register in 0..<32 {
            compare("\(RegisterNames.x[register])", self[x: register], other[x: register])
        }
        for register in 0..<32 {
            compare("\(RegisterNames.f[register])", self[f: register], other[f: register])
        }
        let before = found.count
        // Clocks follow from `retired`.
        for (number, name) in CSR.names {
            compare(
                "\(name)", csr.value(number, CSRContext()), other.csr.value(number, CSRContext()))
        }
        compare("interrupt lines", csr.lines, other.csr.lines)
        if found.count == before && csr != other.csr { found.append(StateDifference("CSRs", 0, 1)) }
        let reserved = (reservation, other.reservation)
        if reserved.0 != reserved.1 {
            compare(
                "reserved", reserved.0?.address.rawValue ?? 0, reserved.1?.address.rawValue ?? 0)
            compare("reserved value", reserved.0?.value ?? 0, reserved.1?.value ?? 0)
            compare(
                "reserved width", UInt64(reserved.0?.width.rawValue ?? 0),
                UInt64(reserved.1?.width.rawValue ?? 0))
        }
        return found
    }
}
