import Bits
import RISCV
import Testing

/// Who may touch which register.
@Suite struct PrivilegedAccessTests {
    /// With every gate open: FS on, counters, STCE, state enables and seed.
    static func open(withHypervisor: Bool = false) -> CSRFile {
        var isa = fullISA
        if withHypervisor { isa.insert(.h) }
        var csr = CSRFile(isa: isa)
        csr.set(CSR.mstatus, Status.fs)
        csr.set(CSR.mcounteren, ~0)
        csr.set(CSR.scounteren, ~0)
        csr.set(CSR.menvcfg, Environment.stce)
        for index in 0..<4 { csr.set(CSR.mstateen0 + index, ~0) }
        csr.set(CSR.mseccfg, ~0)
        return csr
    }

    private static func isOfHypervisor(_ number: Int) -> Bool {
        number >> 8 & 3 == 2 || number == CSR.mtinst || number == CSR.mtval2
    }

    /// Every one of the 4096 numbers, read and written from each mode: only named ones exist, bits 9:8
    /// say from which mode on, and bits 11:10 that it cannot be written.
    @Test(arguments: [false, true]) func everyNumber(withHypervisor: Bool) {
        let csr = Self.open(withHypervisor: withHypervisor)
        for number in 0..<4096 where number != CSR.seed {
            let exists =
                CSR.name(number) != nil && (withHypervisor || !Self.isOfHypervisor(number))
            let lowest = number >> 8 & 3 == 2 ? 1 : number >> 8 & 3
            for mode in [Privilege.user, .supervisor, .machine] {
                let allowed = exists && Int(mode.rawValue) >= lowest
                #expect(csr.refuses(number, mode) != allowed, "read \(number)")
                let isReadOnly = number >> 10 == 3

                #expect(
                    csr.refuses(number, mode, writes: true) == (!allowed || isReadOnly),
                    "write \(number)")
            }
        }
        // Wild numbers from a caller are refused as well.
        #expect(csr.refuses(4096 + 0x300, .user))
    }

    @Test func namesAreInOrder() {
        for (a, b) in zip(CSR.names, CSR.names.dropFirst()) { #expect(a.number < b.number) }
        #expect(CSR.name(CSR.mstatus).map { "\($0)" } == "mstatus")
        #expect(CSR.name(0xb1f).map { "\($0)" } == "mhpmcounter31")
        #expect(CSR.name(0x3a1) == nil)
    }

    @Test func registersGoWithTheirExtension() {
        let cases: [(ISAExtension, [Int])] = [
            (.f, [CSR.fflags, CSR.frm, CSR.fcsr]),
            (.zicntr, [CSR.cycle, CSR.time, CSR.instret]),
            (.zihpm, [CSR.hpmcounter3, 0xc1f]),
            (.sstc, [CSR.stimecmp]),
            (.sscofpmf, [CSR.scountovf]),
            (.smstateen, [CSR.mstateen0, CSR.mstateen3, CSR.sstateen0, CSR.sstateen3]),
            (.zkr, [CSR.seed, CSR.mseccfg]),
        ]
        for (missing, numbers) in cases {
            var csr = CSRFile(isa: isa(without: missing))
            csr.mstatus |= Status.fs
            for number in numbers { #expect(csr.refuses(number, .machine)) }
        }
    }

    @Test func floatRegistersNeedFS() {
        var csr = Self.open()
        csr.set(CSR.mstatus, 0)
        for number in [CSR.fflags, CSR.frm, CSR.fcsr] {
            for mode in [Privilege.user, .supervisor, .machine] {
                #expect(csr.refuses(number, mode))
                #expect(csr.refuses(number, mode, writes: true))
            }
        }
    }

    @Test func trapVirtualMemoryGuardsSatp() {
        var csr = Self.open()
        csr.mstatus |= Status.tvm
        #expect(csr.refuses(CSR.satp, .supervisor))
        #expect(csr.refuses(CSR.satp, .supervisor, writes: true))
        #expect(!csr.refuses(CSR.satp, .machine))
        csr.mstatus &= ~Status.tvm
        #expect(!csr.refuses(CSR.satp, .supervisor))
    }

    /// §3.1.11, §4.1.5: each counter by its own bit, user mode by both registers.
    @Test func counterEnables() {
        for index in 0..<32 {
            for machine in [false, true] {
                for supervisor in [false, true] {
                    var csr = Self.open()
                    // Everything but this bit is the opposite, so that a wrong bit shows.
                    csr.set(CSR.mcounteren, machine ? 1 << UInt64(index) : ~(1 << UInt64(index)))
                    csr.set(
                        CSR.scounteren, supervisor ? 1 << UInt64(index) : ~(1 << UInt64(index)))
                    let number = CSR.cycle + index
                    #expect(!csr.refuses(number, .machine))
                    #expect(csr.refuses(number, .supervisor) == !machine)
                    #expect(csr.refuses(number, .user) == !(machine && supervisor))
                }
            }
        }
    }

    @Test func supervisorTimerCompare() {
        for enabled in [false, true] {
            for counter in [false, true] {
                var csr = Self.open()
                csr.set(CSR.menvcfg, enabled ? Environment.stce : 0)
                csr.set(CSR.mcounteren, counter ? 2 : ~2)
                #expect(!csr.refuses(CSR.stimecmp, .machine))
                #expect(csr.refuses(CSR.stimecmp, .supervisor) == !(enabled && counter))
                #expect(csr.refuses(CSR.stimecmp, .user))
            }
        }
    }

    @Test func stateEnables() {
        for index in 0..<4 {
            var csr = Self.open()
            csr.set(CSR.mstateen0 + index, 1 << 62)
            #expect(csr.refuses(CSR.sstateen0 + index, .supervisor))
            #expect(!csr.refuses(CSR.sstateen0 + index, .machine))
            #expect(!csr.refuses(CSR.sstateen0 + (index + 1) % 4, .supervisor))
        }
        var csr = Self.open()
        csr.set(CSR.mstateen0, 1 << 63)
        #expect(csr.refuses(CSR.senvcfg, .supervisor))
        #expect(!csr.refuses(CSR.senvcfg, .machine))
        // Reset closes all of them; without the extension nothing is gated.
        let fresh = CSRFile(isa: fullISA)
        #expect(fresh.refuses(CSR.senvcfg, .supervisor))
        let plain = CSRFile(isa: isa(without: .smstateen))
        #expect(!plain.refuses(CSR.senvcfg, .supervisor))
    }

    /// Zkr: only read-write accesses, and below machine mode only where mseccfg says so.
    @Test func seed() throws {
        for bits in [UInt64(0), Security.useed, Security.sseed] {
            var csr = Self.open()
            csr.set(CSR.mseccfg, bits)
            #expect(!csr.refuses(CSR.seed, .machine, writes: true))
            #expect(csr.refuses(CSR.seed, .supervisor, writes: true) == (bits != Security.sseed))
            #expect(csr.refuses(CSR.seed, .user, writes: true) == (bits != Security.useed))
            #expect(csr.refuses(CSR.seed, .machine))
        }
        var csr = Self.open()
        let empty = try csr.access(
            CSR.seed, .write, 0, privilege: .machine, context: CSRContext())
        #expect(empty.value == 0x4000_0000)
        let full = try csr.access(
            CSR.seed, .write, 0, privilege: .machine, context: CSRContext(entropy: 0xbeef))
        #expect(full.value == 0x8000_beef)
    }

    @Test func readModifyWrite() throws {
        var csr = Self.open()
        let context = CSRContext()
        csr.set(CSR.mscratch, 0xf0)
        var result = try csr.access(
            CSR.mscratch, .set, 0x0f, privilege: .machine, context: context)
        #expect(result.value == 0xf0 && csr.mscratch == 0xff)
        result = try csr.access(
            CSR.mscratch, .clear, 0x3c, privilege: .machine, context: context)
        #expect(result.value == 0xff && csr.mscratch == 0xc3)
        result = try csr.access(
            CSR.mscratch, .write, 1, writes: false, privilege: .machine, context: context)
        #expect(result.value == 0xc3 && csr.mscratch == 0xc3)
        #expect(result.effects == [])
    }

    /// §3.1.9: the controller's line is seen in SEIP but is not written back into it.
    @Test func externalLineStaysOutOfReadModifyWrite() throws {
        var csr = Self.open()
        csr.setLine(Interrupts.supervisorExternal, true)
        let result = try csr.access(
            CSR.mip, .set, Interrupts.supervisorSoftware, privilege: .machine,
            context: CSRContext())
        #expect(result.value == Interrupts.supervisorExternal)
        csr.setLine(Interrupts.supervisorExternal, false)
        #expect(csr.get(CSR.mip) == Interrupts.supervisorSoftware)
        csr.set(CSR.mip, Interrupts.supervisorExternal)
        #expect(csr.get(CSR.mip) == Interrupts.supervisorExternal)
        csr.setLine(Interrupts.supervisorExternal, true)
        csr.setLine(Interrupts.supervisorExternal, false)
        #expect(csr.get(CSR.mip) == Interrupts.supervisorExternal)
    }

    @Test func counters() throws {
        var csr = Self.open()
        func at(_ count: UInt64) -> CSRContext {
            CSRContext(time: count * 10, cycle: count * 2, instret: count)
        }
        #expect(csr.value(CSR.cycle, at(7)) == 14)
        #expect(csr.value(CSR.time, at(7)) == 70)
        #expect(csr.value(CSR.instret, at(7)) == 7)
        // The instruction after the write reads what was written.
        csr.store(CSR.minstret, 1000, at(7))
        #expect(csr.value(CSR.minstret, at(8)) == 1000)
        #expect(csr.value(CSR.instret, at(20)) == 1012)
        // Stopped, it keeps its value, also through a write.
        csr.store(CSR.mcountinhibit, 4, at(20))
        #expect(csr.value(CSR.instret, at(90)) == 1012)
        #expect(csr.value(CSR.cycle, at(90)) == 180)
        csr.store(CSR.minstret, 5, at(90))
        #expect(csr.value(CSR.instret, at(99)) == 5)
        csr.store(CSR.mcountinhibit, 0, at(100))
        #expect(csr.value(CSR.instret, at(103)) == 8)
    }

    @Test func effects() throws {
        func effects(_ number: Int, _ value: UInt64, _ change: (inout CSRFile) -> Void = { _ in })
            -> CSREffects
        {
            var csr = Self.open()
            change(&csr)
            return csr.store(number, value, CSRContext())
        }
        let fs = Status.fs
        #expect(effects(CSR.mstatus, fs) == [])
        #expect(effects(CSR.mstatus, fs | Status.mie) == .interrupts)
        #expect(effects(CSR.sstatus, fs | Status.sie) == .interrupts)
        #expect(effects(CSR.sstatus, 0) == .floatState)
        #expect(effects(CSR.sstatus, fs | Status.sum) == .translation)
        #expect(effects(CSR.sstatus, fs | Status.mxr) == .translation)
        #expect(effects(CSR.mstatus, fs | Status.mprv) == .translation)
        #expect(effects(CSR.mstatus, fs | Status.mpp) == [])
        #expect(
            effects(CSR.mstatus, fs | Status.mprv | Status.mpp) { $0.mstatus |= Status.mprv }
                == .translation)
        #expect(effects(CSR.satp, 8 << 60) == .translation)
        #expect(effects(CSR.satp, 0) == [])
        #expect(effects(CSR.satp, 7 << 60) == [])
        #expect(effects(CSR.pmpcfg0, 0x1f) == .translation)
        #expect(effects(CSR.pmpaddr0, 1) == .translation)
        #expect(effects(CSR.stimecmp, 1).contains(.timer))
        #expect(effects(CSR.menvcfg, 0).isSuperset(of: [.timer, .interrupts]))
        #expect(
            effects(CSR.menvcfg, Environment.stce | Environment.adue)
                == [.translation, .environment])
        #expect(effects(CSR.mie, 0) == .interrupts)
        #expect(effects(CSR.mip, 0) == .interrupts)
        #expect(effects(CSR.mideleg, 0) == .interrupts)
        #expect(effects(CSR.minstret, 0) == .counters)
        #expect(effects(CSR.fcsr, 0) == .floatState)
        #expect(effects(CSR.mscratch, 3) == [])
    }

    /// The short way to a register is the long one's equal.
    @Test(arguments: [ISA.standard, ISA([.i, .zicsr])])
    func quickRegistersAreReachedBothWays(_ isa: ISA) throws {
        let quick = [
            CSR.sscratch, CSR.scause, CSR.stval, CSR.sepc, CSR.sstatus, CSR.mscratch, CSR.mcause,
            CSR.mtval, CSR.mepc, CSR.sie,
        ]
        // The second changes no more of the status than critical sections do.
        let operands: [UInt64] = [0xff_6ff3, 0x122]
        var count = 0
        for privilege in [Privilege.user, .supervisor, .machine] {
            for operation in [CSROperation.write, .set, .clear] {
                for writes in [true, false] {
                    for index in 0..<2 * 4096 {
                        let (number, operand) = (index / 2, operands[index & 1])
                        var short = CSRFile(isa: isa)
                        _ = short.store(CSR.mideleg, 0x222, CSRContext())
                        _ = short.store(number, 0x5a5a_5a5a, CSRContext())
                        var long = short
                        let got = short.accessQuickly(
                            number, operation, operand, writes: writes, privilege: privilege)
                        let isAllowed = privilege.rawValue >= number >> 8 & 3
                        #expect((got != nil) == (isAllowed && quick.contains(number)))
                        guard let got else { continue }
                        let result = try long.access(
                            number, operation, operand, writes: writes, privilege: privilege,
                            context: CSRContext())
                        #expect(result.value == got.value && result.effects == got.effects)
                        #expect(short == long)
                        count += 1
                    }
                }
            }
        }
        #expect(count == 2 * 6 * (6 + 10))
    }
}
