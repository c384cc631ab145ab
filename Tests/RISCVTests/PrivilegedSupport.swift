import Bits
import RISCV

/// Everything that a hart can have but H.
let fullISA = ISA(ISAExtension.allCases.filter { $0 != .h })

func isa(without missing: ISAExtension...) -> ISA {
    var result = fullISA
    for item in missing { result.remove(item) }
    return result
}

extension CSRFile {
    /// Writes as machine mode and returns what is read back.
    mutating func roundTrip(_ number: Int, _ value: UInt64) throws(Trap) -> UInt64 {
        _ = try write(number, value, privilege: .machine, context: CSRContext())
        return try read(number, privilege: .machine, context: CSRContext())
    }
    mutating func set(_ number: Int, _ value: UInt64) {
        store(number, value, CSRContext())
    }
    func get(_ number: Int) -> UInt64 { value(number, CSRContext()) }

    /// Whether an access of this kind is an illegal instruction; nothing may have changed then.
    func refuses(_ number: Int, _ privilege: Privilege, writes: Bool = false) -> Bool {
        var copy = self
        do {
            _ = try copy.access(
                number, .set, 0, writes: writes, privilege: privilege, context: CSRContext())
            return false
        } catch {
            return error.cause == .illegalInstruction && self == copy
        }
    }
}

/// A repeatable source of noise.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
