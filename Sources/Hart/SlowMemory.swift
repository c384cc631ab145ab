import Bits
import GuestMemory
import RISCV

/// Accesses that missed the tables: refills, devices, misaligned ones, pages that hold code.
extension Hart {
    @inline(never)
    static func slowLoad(_ hart: Unmanaged<Hart>, _ width: AccessWidth, _ address: UInt64)
        throws(Trap) -> UInt64
    {
        let hart = hart._withUnsafeGuaranteedRef { $0 }
        hart.statistics.tlbMisses &+= 1
        if hart.debug.isWatching { hart.watch(address, width, isStore: false) }
        if crossesPage(address, width) {
            return try hart.loadBytes(width, address)
        }
        let result = try hart.translate(address, count: width.bytes, .load)
        if let value = hart.memory.load(result.physical, width: width) {
            hart.fillData(address, result, .load)
            return value
        }
        hart.statistics.deviceLoads &+= 1
        guard isAligned(address, width) else { throw Trap(.loadMisaligned, value: address) }
        guard let value = hart.bus.load(result.physical, width, from: hart) else {
            throw Trap(.loadAccessFault, value: address)
        }
        return value
    }

    @inline(never)
    static func slowStore(
        _ hart: Unmanaged<Hart>, _ width: AccessWidth, _ address: UInt64, _ value: UInt64
    ) throws(Trap) {
        let hart = hart._withUnsafeGuaranteedRef { $0 }
        hart.statistics.tlbMisses &+= 1
        if hart.debug.isWatching { hart.watch(address, width, isStore: true) }
        if crossesPage(address, width) {
            return try hart.storeBytes(width, address, value)
        }
        let result = try hart.translate(address, count: width.bytes, .store)
        if hart.memory.store(result.physical, value, width: width) {
            hart.wroteMemory(result.physical)
            hart.fillData(address, result, .store)
            return
        }
        hart.statistics.deviceStores &+= 1
        guard isAligned(address, width) else { throw Trap(.storeMisaligned, value: address) }
        guard hart.bus.store(result.physical, width, value, from: hart) else {
            throw Trap(.storeAccessFault, value: address)
        }
    }

    static func crossesPage(_ address: UInt64, _ width: AccessWidth) -> Bool {
        (address & 0xfff) &+ width.bytes > 4096
    }
    static func isAligned(_ address: UInt64, _ width: AccessWidth) -> Bool {
        address & (width.bytes &- 1) == 0
    }

    /// A store reached this page by the slow path: if it holds code, that is stale now.
    func wroteMemory(_ address: GuestPhysical) {
        let flags = memory.pageFlags(address)
        if flags.contains(.watched) { requestExit() }
        guard flags.contains(.hasCode) else { return }
        let page = GuestPhysical(address.rawValue & ~0xfff)
        statistics.codeInvalidations &+= 1
        memory.clearHasCode(page)
        onCodeWrite(page)
    }

    /// A misaligned load over a page's end, byte by byte; both pages must be RAM.
    private func loadBytes(_ width: AccessWidth, _ address: UInt64) throws(Trap) -> UInt64 {
        var value: UInt64 = 0
        for index in UInt64(0)..<width.bytes {
            let at = address &+ index
            let result = try translate(at, count: 1, .load)
            guard let byte = memory.load8(result.physical) else {
                throw Trap(.loadMisaligned, value: address)
            }
            value |= UInt64(byte) &<< (index &* 8)
        }
        return value
    }

    /// The same for a store: both pages are translated before a byte is written.
    private func storeBytes(_ width: AccessWidth, _ address: UInt64, _ value: UInt64) throws(Trap) {
        let boundary = (address | 0xfff) &+ 1
        let firstCount = boundary &- address
        let first = try translate(address, count: firstCount, .store)
        let second = try translate(boundary, count: width.bytes &- firstCount, .store)
        guard memory.writableHost(first.physical, count: firstCount) != nil,
            memory.writableHost(second.physical, count: width.bytes &- firstCount) != nil
        else { throw Trap(.storeMisaligned, value: address) }
        for index in UInt64(0)..<width.bytes {
            let at =
                index < firstCount
                ? first.physical + index : second.physical + (index &- firstCount)
            _ = memory.store8(at, UInt8(truncatingIfNeeded: value &>> (index &* 8)))
        }
        wroteMemory(first.physical)
        wroteMemory(second.physical)
    }
}
