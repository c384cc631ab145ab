import Bits
import CHost
import GuestMemory
import RISCV

/// LR/SC and AMOs: atomic with respect to every hart and host thread, through compare-and-swap on the
/// host's memory. SC compares the value that LR saw, so a change and a change back between them is not
/// noticed (the ABA case).
extension Hart {
    /// Where an atomic access finds its bytes: aligned, in RAM.
    private func atomicHost(
        _ width: AccessWidth, _ address: UInt64, _ kind: AccessKind
    ) throws(Trap) -> UnsafeMutableRawPointer {
        guard Self.isAligned(address, width) else {
            throw Trap(kind == .load ? .loadMisaligned : .storeMisaligned, value: address)
        }
        if let host = cachedHost(address, isStore: kind == .store) { return host }
        if kind == .store { statistics.storeMisses &+= 1 } else { statistics.loadMisses &+= 1 }
        if debug.isWatching { watch(address, width, isStore: kind == .store) }
        let result = try translate(address, count: width.bytes, kind)
        let host =
            kind == .load
            ? memory.host(result.physical, count: width.bytes)
            : memory.writableHost(result.physical, count: width.bytes)
        guard let host else { throw Trap(kind.accessFault, value: address) }
        if kind == .store { wroteMemory(result.physical) }
        fillData(address, result, kind)
        return host
    }

    private static func read(_ host: UnsafeMutableRawPointer, _ width: AccessWidth) -> UInt64 {
        width == .word
            ? UInt64(bitPattern: Int64(host.load(as: Int32.self))) : host.load(as: UInt64.self)
    }
    /// Swaps `expected` for `new`; on failure `expected` becomes what was found, sign-extended.
    private static func exchange(
        _ host: UnsafeMutableRawPointer, _ width: AccessWidth, _ expected: inout UInt64,
        _ new: UInt64
    ) -> Bool {
        guard width == .word else { return hull_compare_exchange_64(host, &expected, new) }
        var seen = UInt32(truncatingIfNeeded: expected)
        let stored = hull_compare_exchange_32(host, &seen, UInt32(truncatingIfNeeded: new))
        expected = UnaryOperation.signExtend32.apply(UInt64(seen))
        return stored
    }

    @inline(never)
    static func loadReserved(_ hart: Unmanaged<Hart>, _ width: AccessWidth, _ address: UInt64)
        throws(Trap) -> UInt64
    {
        try hart.borrow { hart throws(Trap) in try hart.loadReserved(width, address) }
    }
    @inline(__always)
    private func loadReserved(_ width: AccessWidth, _ address: UInt64) throws(Trap) -> UInt64 {
        let host = try atomicHost(width, address, .load)
        let value = Self.read(host, width)
        state.pointee.reservedAddress = UInt64(UInt(bitPattern: host))
        state.pointee.reservedValue = value
        state.pointee.reservedBytes = width.rawValue
        return value
    }

    @inline(never)
    static func storeConditional(
        _ hart: Unmanaged<Hart>, _ width: AccessWidth, _ address: UInt64, _ value: UInt64
    ) throws(Trap) -> UInt64 {
        try hart.borrow { hart throws(Trap) in try hart.storeConditional(width, address, value) }
    }
    @inline(__always)
    private func storeConditional(_ width: AccessWidth, _ address: UInt64, _ value: UInt64)
        throws(Trap) -> UInt64
    {
        let host = try atomicHost(width, address, .store)
        let isReserved =
            state.pointee.reservedAddress == UInt64(UInt(bitPattern: host))
            && state.pointee.reservedBytes == width.rawValue
        state.pointee.reservedAddress = HartState.noReservation
        guard isReserved else { return 1 }
        var expected = state.pointee.reservedValue
        return Self.exchange(host, width, &expected, value) ? 0 : 1
    }

    @inline(never)
    static func atomic(
        _ hart: Unmanaged<Hart>, _ operation: AtomicOperation, _ width: AccessWidth,
        _ address: UInt64, _ value: UInt64
    ) throws(Trap) -> UInt64 {
        try hart.borrow { hart throws(Trap) in try hart.atomic(operation, width, address, value) }
    }
    @inline(__always)
    private func atomic(
        _ operation: AtomicOperation, _ width: AccessWidth, _ address: UInt64, _ value: UInt64
    ) throws(Trap) -> UInt64 {
        let host = try atomicHost(width, address, .store)
        var old = Self.read(host, width)
        while !Self.exchange(host, width, &old, operation.apply(old, value, width)) {}
        return old
    }

    @inline(never)
    static func compareAndSwap(
        _ hart: Unmanaged<Hart>, _ width: AccessWidth, _ address: UInt64, _ expected: UInt64,
        _ new: UInt64
    ) throws(Trap) -> UInt64 {
        try hart.borrow { hart throws(Trap) in
            try hart.compareAndSwap(width, address, expected, new)
        }
    }
    @inline(__always)
    private func compareAndSwap(
        _ width: AccessWidth, _ address: UInt64, _ expected: UInt64, _ new: UInt64
    ) throws(Trap) -> UInt64 {
        let host = try atomicHost(width, address, .store)
        var seen = width == .word ? UnaryOperation.signExtend32.apply(expected) : expected
        _ = Self.exchange(host, width, &seen, new)
        return seen
    }

    /// `amocas.q`: register pairs; an odd register is an illegal instruction (Zacas).
    func compareAndSwapQuad(_ i: Instruction) throws(Trap) {
        guard i.rd & 1 == 0, i.rs2 & 1 == 0 else { throw .illegal }
        let address = self[x: i.rs1]
        guard address & 15 == 0 else { throw Trap(.storeMisaligned, value: address) }
        let result = try translate(address, count: 16, .store)
        func pair(_ register: Int) -> UInt128 {
            register == 0 ? 0 : UInt128(self[x: register + 1]) &<< 64 | UInt128(self[x: register])
        }
        var old = pair(i.rd)
        switch memory.compareExchange(result.physical, old, pair(i.rs2)) {
        case .stored: break
        case .found(let value): old = value
        case .refused: throw Trap(.storeAccessFault, value: address)
        }
        wroteMemory(result.physical)
        guard i.rd != 0 else { return }
        self[x: i.rd] = UInt64(truncatingIfNeeded: old)
        self[x: i.rd + 1] = UInt64(truncatingIfNeeded: old &>> 64)
    }
}
