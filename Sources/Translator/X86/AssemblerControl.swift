/// A place in the code that jumps go to, before or after it is known.
///
/// Jumps to an unbound label are a list that lives in their own displacements: each holds the distance
/// back to the one before, and `bind` walks it.
package struct Label {
    var bound: UnsafeMutablePointer<UInt8>?
    /// The displacement of the latest jump that waits; 32 bits and 8 bits apart.
    var waiting: UnsafeMutablePointer<UInt8>?
    var waitingShort: UnsafeMutablePointer<UInt8>?

    package init() {}
}

extension Assembler {
    @inline(__always) package mutating func push(_ r: HostRegister) { stack(0x50, r) }
    @inline(__always) package mutating func pop(_ r: HostRegister) { stack(0x58, r) }
    @inline(__always)
    private mutating func stack(_ byte: UInt8, _ r: HostRegister) {
        let (bits, count) = Opcode(byte | r.rawValue & 7).head(r.rawValue &>> 3)
        put(bits, count: count &>> 3)
    }

    @inline(__always) package mutating func ret() { put8(0xc3) }
    @inline(__always) package mutating func int3() { put8(0xcc) }

    @inline(__always) package mutating func call(address: UInt64) {
        put8(0xe8)
        putDistance(to: address)
    }
    @inline(__always) package mutating func call(_ r: HostRegister) {
        encode(Opcode(0xff), 2, r.rawValue)
    }
    @inline(__always) package mutating func call(_ m: HostMemory) { encode(Opcode(0xff), 2, m) }
    @inline(__always) package mutating func jmp(address: UInt64) {
        put8(0xe9)
        putDistance(to: address)
    }
    @inline(__always) package mutating func jmp(_ m: HostMemory) { encode(Opcode(0xff), 4, m) }
    @inline(__always) package mutating func jmp(_ r: HostRegister) {
        encode(Opcode(0xff), 4, r.rawValue)
    }
    @inline(__always) package mutating func jcc(_ c: Condition, address: UInt64) {
        put(0x800f | UInt64(c.rawValue) &<< 8, count: 2)
        putDistance(to: address)
    }
    /// From the end of the four bytes. Code and all it jumps to lie within 2 GB.
    @inline(__always)
    private mutating func putDistance(to address: UInt64) {
        let distance = Int64(bitPattern: address &- here &- 4)
        assert(Int64(Int32(truncatingIfNeeded: distance)) == distance, "too far for a jump")
        put32(UInt32(truncatingIfNeeded: distance))
    }

    @inline(__always) package mutating func jmp(_ l: inout Label) {
        put8(0xe9)
        putDistance(to: &l)
    }
    @inline(__always) package mutating func jcc(_ c: Condition, _ l: inout Label) {
        put(0x800f | UInt64(c.rawValue) &<< 8, count: 2)
        putDistance(to: &l)
    }
    /// Two bytes: the label must be within 127 bytes.
    @inline(__always) package mutating func jmpShort(_ l: inout Label) {
        put8(0xeb)
        putShortDistance(to: &l)
    }
    @inline(__always) package mutating func jccShort(_ c: Condition, _ l: inout Label) {
        put8(0x70 | c.rawValue)
        putShortDistance(to: &l)
    }

    @inline(__always)
    private mutating func putDistance(to l: inout Label) {
        if let bound = l.bound {
            put32(UInt32(truncatingIfNeeded: bound - cursor - 4))
        } else {
            let before = l.waiting.map { cursor - $0 } ?? 0
            l.waiting = cursor
            put32(UInt32(truncatingIfNeeded: before))
        }
    }
    @inline(__always)
    private mutating func putShortDistance(to l: inout Label) {
        if let bound = l.bound {
            let distance = bound - cursor - 1
            precondition(distance >= -128, "a short jump reaches 128 bytes")
            put8(UInt8(truncatingIfNeeded: distance))
        } else {
            let before = l.waitingShort.map { cursor - $0 } ?? 0
            precondition(before <= 127, "short jumps to one label lie within 127 bytes")
            l.waitingShort = cursor
            put8(UInt8(truncatingIfNeeded: before))
        }
    }

    /// The label is here.
    package mutating func bind(_ l: inout Label) {
        l.bound = cursor
        while let jump = l.waiting {
            let raw = UnsafeMutableRawPointer(jump)
            let before = Int(raw.loadUnaligned(as: UInt32.self))
            raw.storeBytes(of: UInt32(truncatingIfNeeded: cursor - jump - 4), as: UInt32.self)
            l.waiting = before == 0 ? nil : jump - before
        }
        while let jump = l.waitingShort {
            let before = Int(jump.pointee)
            precondition(cursor - jump - 1 <= 127, "a short jump reaches 127 bytes")
            jump.pointee = UInt8(truncatingIfNeeded: cursor - jump - 1)
            l.waitingShort = before == 0 ? nil : jump - before
        }
    }

    /// Lets the jump or call whose displacement lies at `jumpAt` (the writable view) go elsewhere. A
    /// hart that runs it meanwhile takes the old way or the new where the four bytes lie in one cache
    /// line.
    @inline(__always)
    package static func patch(
        jumpAt: UnsafeMutablePointer<UInt8>, executableOffset: Int, to address: UInt64
    ) {
        let end = UInt64(UInt(bitPattern: Int(bitPattern: jumpAt) &+ executableOffset)) &+ 4
        UnsafeMutableRawPointer(jumpAt).storeBytes(
            of: UInt32(truncatingIfNeeded: address &- end), as: UInt32.self)
    }

    /// Fills up with the nops that decode fastest (Intel SDM volume 2, NOP, table 4-12).
    package mutating func align(to alignment: Int) {
        nop(bytes: Int(truncatingIfNeeded: 0 &- here) & (alignment &- 1))
    }
    package mutating func nop(bytes: Int) {
        var rest = bytes
        while rest > 0 {
            let count = min(rest, 9)
            if count == 9 { put8(0x66) }
            let bits: UInt64 =
                switch min(count, 8) {
                case 1: 0x90
                case 2: 0x9066
                case 3: 0x00_1f0f
                case 4: 0x0040_1f0f
                case 5: 0x00_0044_1f0f
                case 6: 0x0000_441f_0f66
                case 7: 0x0000_0000_801f_0f
                default: 0x0000_0000_0084_1f0f
                }
            put(bits, count: UInt64(min(count, 8)))
            rest -= count
        }
    }

    /// GS base = r.
    @inline(__always) package mutating func wrgsbase(_ r: HostRegister) {
        encode(Opcode(escaped: 0xae, prefix: 0xf3).wide(true), 3, r.rawValue)
    }
    @inline(__always) package mutating func rdgsbase(_ r: HostRegister) {
        encode(Opcode(escaped: 0xae, prefix: 0xf3).wide(true), 1, r.rawValue)
    }
}
