import Bits
import CHost
import GuestMemory
import RISCV

/// Accesses that missed the tables: refills, devices, misaligned ones, pages that hold code.
extension Hart {
    @inline(never)
    static func slowLoad(_ hart: Unmanaged<Hart>, _ width: AccessWidth, _ address: UInt64)
        throws(Trap) -> UInt64
    {
        try hart.borrow { hart throws(Trap) in try hart.slowLoad(width, address) }
    }
    @inline(__always)
    private func slowLoad(_ width: AccessWidth, _ address: UInt64) throws(Trap) -> UInt64 {
        if !Self.crossesPage(address, width), let host = cachedHost(address, isStore: false) {
            return Self.read(host, width)
        }
        statistics.loadMisses &+= 1
        if debug.isWatching { watch(address, width, isStore: false) }
        if Self.crossesPage(address, width) {
            return try loadBytes(width, address)
        }
        let result = try translate(address, count: width.bytes, .load)
        if let value = memory.load(result.physical, width: width) {
            fillData(address, result, .load)
            return value
        }
        statistics.deviceLoads &+= 1
        guard Self.isAligned(address, width) else { throw Trap(.loadMisaligned, value: address) }
        let loaded = HostFloat.suspended { bus.load(result.physical, width, from: self) }
        guard let value = loaded else {
            throw Trap(.loadAccessFault, value: address)
        }
        return value
    }

    @inline(never)
    static func slowStore(
        _ hart: Unmanaged<Hart>, _ width: AccessWidth, _ address: UInt64, _ value: UInt64
    ) throws(Trap) {
        try hart.borrow { hart throws(Trap) in try hart.slowStore(width, address, value) }
    }
    @inline(__always)
    private func slowStore(_ width: AccessWidth, _ address: UInt64, _ value: UInt64) throws(Trap) {
        if !Self.crossesPage(address, width), let host = cachedHost(address, isStore: true) {
            return Self.write(host, width, value)
        }
        statistics.storeMisses &+= 1
        if debug.isWatching { watch(address, width, isStore: true) }
        if Self.crossesPage(address, width) {
            return try storeBytes(width, address, value)
        }
        let result = try translate(address, count: width.bytes, .store)
        if memory.store(result.physical, value, width: width) {
            wroteMemory(result.physical)
            fillData(address, result, .store)
            return
        }
        statistics.deviceStores &+= 1
        guard Self.isAligned(address, width) else { throw Trap(.storeMisaligned, value: address) }
        let isStored = HostFloat.suspended {
            bus.store(result.physical, width, value, from: self)
        }
        guard isStored else {
            throw Trap(.storeAccessFault, value: address)
        }
    }

    /// Zero-extended, at any alignment.
    @inline(__always)
    private static func read(_ host: UnsafeMutableRawPointer, _ width: AccessWidth) -> UInt64 {
        switch width {
        case .byte: UInt64(host.loadUnaligned(as: UInt8.self))
        case .half: UInt64(host.loadUnaligned(as: UInt16.self))
        case .word: UInt64(host.loadUnaligned(as: UInt32.self))
        case .double: host.loadUnaligned(as: UInt64.self)
        }
    }
    @inline(__always)
    private static func write(
        _ host: UnsafeMutableRawPointer, _ width: AccessWidth, _ value: UInt64
    ) {
        switch width {
        case .byte: host.storeBytes(of: UInt8(truncatingIfNeeded: value), as: UInt8.self)
        case .half: host.storeBytes(of: UInt16(truncatingIfNeeded: value), as: UInt16.self)
        case .word: host.storeBytes(of: UInt32(truncatingIfNeeded: value), as: UInt32.self)
        case .double: host.storeBytes(of: value, as: UInt64.self)
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
        // Who makes code sets the flag and then reads: one of the two sees the other.
        if state.pointee.sharesMemory { hull_fence() }
        let flags = memory.pageFlags(address)
        if flags.contains(.watched) { requestExit() }
        guard flags.contains(.hasCode) else { return }
        let page = GuestPhysical(address.rawValue & ~0xfff)
        statistics.codeInvalidations &+= 1
        if let peers { return peers.codeWritten(page: page, by: self) }
        memory.clearHasCode(page)
        onCodeWrite(page)
    }

    /// A misaligned load over a page's end, byte by byte; both pages must be RAM.
    private func loadBytes(_ width: AccessWidth, _ address: UInt64) throws(Trap) -> UInt64 {
        var value: UInt64 = 0
        let boundary = (address | 0xfff) &+ 1
        if let first = cachedHost(address, isStore: false),
            let second = cachedHost(boundary, isStore: false)
        {
            let firstCount = boundary &- address
            for index in UInt64(0)..<width.bytes {
                let byte =
                    index < firstCount
                    ? first.load(fromByteOffset: Int(index), as: UInt8.self)
                    : second.load(fromByteOffset: Int(index &- firstCount), as: UInt8.self)
                value |= UInt64(byte) &<< (index &* 8)
            }
            return value
        }
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
        if let first = cachedHost(address, isStore: true),
            let second = cachedHost(boundary, isStore: true)
        {
            for index in UInt64(0)..<width.bytes {
                let byte = UInt8(truncatingIfNeeded: value &>> (index &* 8))
                if index < firstCount {
                    first.storeBytes(of: byte, toByteOffset: Int(index), as: UInt8.self)
                } else {
                    second.storeBytes(
                        of: byte, toByteOffset: Int(index &- firstCount), as: UInt8.self)
                }
            }
            return
        }
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
