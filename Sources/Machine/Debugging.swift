import Bits
import Effects
import Hart

extension Machine {
    /// Bytes at a virtual address as a hart sees them now, up to the first that cannot be read. Devices
    /// are not read: looking must change nothing.
    package func debugRead(_ address: UInt64, count: UInt64, by hart: Hart) -> [UInt8] {
        var result: [UInt8] = []
        var at = address
        while UInt64(result.count) < count {
            let left = count - UInt64(result.count)
            let part = min(left, 4096 - (at & 0xfff))
            guard let physical = hart.physical(for: GuestVirtual(at)),
                let bytes = memory.bytes(GuestRange(start: physical, count: part))
            else { break }
            result += bytes
            at &+= part
        }
        return result
    }

    /// Writes all or nothing; code that was made of the bytes is forgotten.
    package func debugWrite(_ address: UInt64, _ bytes: [UInt8], by hart: Hart) -> Bool {
        var pieces: [(GuestPhysical, ArraySlice<UInt8>)] = []
        var rest = bytes[...]
        var at = address
        while !rest.isEmpty {
            let part = rest.prefix(Int(4096 - (at & 0xfff)))
            guard let physical = hart.physical(for: GuestVirtual(at)),
                memory.holds(GuestRange(start: physical, count: UInt64(part.count)))
            else { return false }
            pieces.append((physical, part))
            rest = rest.dropFirst(part.count)
            at &+= UInt64(part.count)
        }
        for (physical, part) in pieces {
            _ = memory.install(physical, Array(part))
            forgetCode(in: GuestRange(start: physical, count: UInt64(part.count)))
        }
        return true
    }

    /// One instruction of one hart, no interrupt taken.
    package func stepInstruction(hart id: Int) throws(HullError) -> EndOfRun? {
        let hart = harts[id]
        hart.debug.masksInterrupts = true
        defer { hart.debug.masksInterrupts = false }
        isWaiting[id] = false
        runTurn(hart, 1)
        stoppedHart = nil
        return bus.end == nil ? nil : try ending()
    }

    /// What the outside says while no hart runs: a stop, keys for later.
    package func pollEvents() throws(HullError) -> EndOfRun? {
        supervisor.visit(self)
        if !inbox.isEmpty { deliverEvents() }
        return bus.end == nil ? nil : try ending()
    }
}
