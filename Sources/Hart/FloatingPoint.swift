import Bits
import RISCV

extension HartState {
    /// The values of `rm` for which the host's units, as MXCSR stands, do what the guest asks: bit n
    /// stands for n, 7 is the dynamic mode. None where the host lacks an instruction.
    package struct HostRoundings {
        /// For operations that round.
        var rounded: UInt16 = 0
        /// For operations whose results are always exact: every valid mode.
        var exact: UInt16 = 0

        init() {}
        init(frm: UInt64) {
            exact = 0x1f | (frm <= 4 ? 0x80 : 0)
            rounded = frm <= 3 ? 1 &<< UInt16(frm) | 0x80 : 0
        }
    }
}

extension FloatOperation {
    /// Whether results on this format may need rounding.
    @inline(__always) package func rounds(_ format: FloatFormat) -> Bool {
        switch self {
        case .minimum, .maximum, .minimumNaN, .maximumNaN, .equal, .less, .lessOrEqual, .lessQuiet,
            .lessOrEqualQuiet, .classify, .toInt32Modular, .toDouble:
            false
        case .toSingle: format != .half
        case .fromInt32, .fromUInt32: format != .double
        default: true
        }
    }
    /// Whether the result goes to an x-register: then nothing else marks `mstatus.FS`.
    @inline(__always) var isToInteger: Bool {
        switch self {
        case .equal, .less, .lessOrEqual, .lessQuiet, .lessOrEqualQuiet, .classify, .toInt32,
            .toUInt32, .toInt64, .toUInt64, .toInt32Modular:
            true
        default: false
        }
    }
}

extension Execution {
    /// On the host's units where they do as the guest asks; flags stay in MXCSR.
    @inline(__always)
    func hostFloat(
        _ operation: FloatOperation, _ format: FloatFormat, _ rounding: Int, _ a: UInt64,
        _ b: UInt64, _ c: UInt64
    ) -> UInt64? {
        let modes = state.pointee.hostRoundings
        let rm = UInt16(truncatingIfNeeded: rounding)
        switch operation {
        case .toInt32, .toUInt32, .toInt64, .toUInt64:
            // C's casts name the mode: towards zero has instructions of its own.
            if rounding == Int(FloatRounding.towardZero.rawValue) && modes.exact != 0 {
                return HostFloat.integerInSession(operation, format, a, truncates: true)
            }
        default: break
        }
        let usable = operation.rounds(format) ? modes.rounded : modes.exact
        guard (usable &>> rm) & 1 != 0 else { return nil }
        return HostFloat.performInSession(operation, format, a, b, c)
    }
}

extension Hart {
    /// One operation that the host's units cannot do as they are set up, or at all.
    @inline(never)
    static func float(
        _ state: UnsafeMutablePointer<HartState>, _ operation: FloatOperation,
        _ format: FloatFormat, _ rounding: Int, _ a: UInt64, _ b: UInt64, _ c: UInt64
    ) throws(Trap) -> UInt64 {
        let mode = rounding == 7 ? state.pointee.csr.frm : UInt64(rounding)
        guard let mode = FloatRounding(rawValue: UInt8(truncatingIfNeeded: mode)) else {
            throw .illegal
        }
        let result =
            HostFloat.perform(operation, format, rounding: mode, a, b, c)
            ?? SoftFloat.perform(operation, format, rounding: mode, a, b, c)
        state.pointee.csr.raise(floatFlags: UInt64(result.flags.rawValue))
        return result.bits
    }

    /// Lends MXCSR to the guest until `endFloat`; returns the host's.
    package func beginFloat() -> UInt32 {
        guard HostFloat.isAvailable else { return 0 }
        let frm = state.pointee.csr.frm
        state.pointee.hostRoundings = HartState.HostRoundings(frm: frm)
        return HostFloat.begin(Self.hostRounding(frm))
    }
    package func endFloat(_ saved: UInt32) {
        guard HostFloat.isAvailable else { return }
        let flags = HostFloat.end(saved)
        state.pointee.csr.fflags |= UInt64(flags.rawValue)
    }
    /// After a change of FS, of the virtualization mode or of `frm`, other than to dirty by an
    /// instruction.
    package func refreshFloatState() {
        let status = state.pointee.csr.floatStatus
        state.pointee.floatOff = status == 0 ? 1 : 0
        let isReady =
            status == Status.fs && state.pointee.csr.frm <= 3 && HostFloat.isAvailable
        state.pointee.floatUnready = isReady ? 0 : 1
    }
    /// Makes `fflags` true before it is read or written.
    package func collectFloatFlags() {
        guard HostFloat.isAvailable else { return }
        let flags = HostFloat.takeFlags()
        state.pointee.csr.fflags |= UInt64(flags.rawValue)
    }
    /// After a write to `frm`.
    func updateFloatRounding() {
        guard HostFloat.isAvailable else { return }
        let frm = state.pointee.csr.frm
        state.pointee.hostRoundings = HartState.HostRoundings(frm: frm)
        HostFloat.setRounding(Self.hostRounding(frm))
    }
    private static func hostRounding(_ frm: UInt64) -> FloatRounding {
        frm <= 3 ? FloatRounding(rawValue: UInt8(frm)) ?? .nearestEven : .nearestEven
    }
}
