import Bits
import RISCV

/// Everything that a hart can have.
let hypervisorISA: ISA = {
    var isa = fullISA
    isa.insert(.h)
    return isa
}()

/// What becomes of an access or an instruction.
enum Fate: Equatable, Sendable {
    case allowed, illegal, virtual
    case other(ExceptionCause)

    init(_ cause: ExceptionCause?) {
        self =
            switch cause {
            case nil: .allowed
            case ExceptionCause.illegalInstruction?: .illegal
            case ExceptionCause.virtualInstruction?: .virtual
            case let cause?: .other(cause)
            }
    }
}

/// A mode with its world.
struct Mode: Equatable, Sendable, CustomStringConvertible {
    var privilege: Privilege
    var isVirtual = false
    static let m = Mode(privilege: .machine)
    static let hs = Mode(privilege: .supervisor)
    static let u = Mode(privilege: .user)
    static let vs = Mode(privilege: .supervisor, isVirtual: true)
    static let vu = Mode(privilege: .user, isVirtual: true)
    static let all = [m, hs, u, vs, vu]
    var description: String { (isVirtual ? "V" : "") + "\(privilege)" }
}

extension CSRFile {
    /// With every gate open, those of the hypervisor too.
    static func openToGuests() -> CSRFile {
        var csr = PrivilegedAccessTests.open(withHypervisor: true)
        csr.set(CSR.menvcfg, ~0)
        csr.set(CSR.henvcfg, ~0)
        csr.set(CSR.senvcfg, ~0)
        csr.set(CSR.hcounteren, ~0)
        for index in 0..<4 { csr.set(CSR.hstateen0 + index, ~0) }
        csr.set(CSR.vsstatus, Status.fs)
        csr.set(CSR.hstatus, HypervisorStatus.hu)
        return csr
    }

    /// What becomes of an access from a mode; nothing changes where it is refused.
    func fate(_ number: Int, _ mode: Mode, writes: Bool = false) -> Fate {
        var copy = self
        copy.isVirtual = mode.isVirtual
        let before = copy
        do {
            _ = try copy.access(
                number, .set, 0, writes: writes, privilege: mode.privilege, context: CSRContext())
            return .allowed
        } catch {
            return copy == before ? Fate(error.cause) : .other(error.cause)
        }
    }

    /// What becomes of an instruction.
    func fate(
        _ mode: Mode, _ body: (inout CSRFile, inout Privilege) throws(Trap) -> Void
    ) -> Fate {
        var copy = self
        copy.isVirtual = mode.isVirtual
        var privilege = mode.privilege
        do {
            try body(&copy, &privilege)
            return .allowed
        } catch {
            return Fate(error.cause)
        }
    }
}

/// All ways to set and clear some bits.
func eachChoice(of count: Int, _ body: ([Bool]) -> Void) {
    for number in 0..<(1 << count) { body((0..<count).map { number >> $0 & 1 != 0 }) }
}
