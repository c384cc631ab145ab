import Bits
import RISCV
import Testing

/// What software can change in each register, from the specification's figures.
@Suite struct PrivilegedFieldTests {
    struct Field: Sendable {
        var number: Int
        /// Read after writing all ones to a fresh file, and then zero.
        var ones: UInt64
        var zeros: UInt64 = 0
    }

    static let xl64: UInt64 = 0xa_0000_0000
    static let fields: [Field] = [
        Field(number: CSR.fflags, ones: 0x1f),
        Field(number: CSR.frm, ones: 7),
        Field(number: CSR.fcsr, ones: 0xff),
        // SD, UXL = SXL = 2, TSR TW TVM MXR SUM MPRV, FS, MPP, SPP, MPIE, SPIE, MIE, SIE.
        Field(
            number: CSR.mstatus, ones: 1 << 63 | xl64 | 0x7e_79aa, zeros: xl64),
        Field(number: CSR.sstatus, ones: 1 << 63 | 2 << 32 | 0xc_6122, zeros: 2 << 32),
        // Letters A B C D F I M S U, MXL = 2: constant.
        Field(
            number: CSR.misa, ones: 0x8000_0000_0014_112f,
            zeros: 0x8000_0000_0014_112f),
        Field(number: CSR.medeleg, ones: 0xb3fe),
        Field(number: CSR.mideleg, ones: 0x2222),
        Field(number: CSR.mie, ones: 0x2aaa),
        Field(number: CSR.mip, ones: 0x2222),
        Field(number: CSR.mcounteren, ones: 0xffff_ffff),
        Field(number: CSR.scounteren, ones: 0xffff_ffff),
        Field(number: CSR.mcountinhibit, ones: 0b1101),
        Field(number: CSR.mscratch, ones: ~0),
        Field(number: CSR.sscratch, ones: ~0),
        Field(number: CSR.mepc, ones: ~1),
        Field(number: CSR.sepc, ones: ~1),
        Field(number: CSR.mcause, ones: ~0),
        Field(number: CSR.scause, ones: ~0),
        Field(number: CSR.mtval, ones: ~0),
        Field(number: CSR.stval, ones: ~0),
        Field(number: CSR.stimecmp, ones: ~0),
        // All ones is a reserved mode of each: nothing changes.
        Field(number: CSR.mtvec, ones: 0),
        Field(number: CSR.stvec, ones: 0),
        Field(number: CSR.satp, ones: 0),
        // STCE PBMTE ADUE, CBZE CBCFE CBIE FIOM.
        Field(number: CSR.menvcfg, ones: 7 << 61 | 0xf1),
        Field(number: CSR.senvcfg, ones: 0xf1),
        Field(number: CSR.mseccfg, ones: 0x300),
        Field(number: CSR.mstateen0, ones: 3 << 62),
        Field(number: CSR.mstateen1, ones: 1 << 63),
        Field(number: CSR.mstateen2, ones: 1 << 63),
        Field(number: CSR.mstateen3, ones: 1 << 63),
        Field(number: CSR.sstateen0, ones: 0),
        Field(number: CSR.sstateen3, ones: 0),
        Field(number: CSR.tselect, ones: 0),
        Field(number: CSR.tdata1, ones: 0),
        Field(number: CSR.tdata2, ones: 0),
        Field(number: CSR.tdata3, ones: 0),
        Field(number: CSR.mhpmcounter3, ones: ~0),
        Field(number: 0xb1f, ones: 0),
        Field(number: CSR.mhpmevent3, ones: 1),
        Field(number: 0x33f, ones: 0),
        // 54 bits of address.
        Field(number: CSR.pmpaddr0, ones: 0x3f_ffff_ffff_ffff),
        Field(number: 0x3bf, ones: 0x3f_ffff_ffff_ffff),
    ]

    /// Reads of page-table entries, from when they are asked for, and not while the counter stands.
    @Test func eventsAreCounted() throws {
        var csr = CSRFile(isa: fullISA)
        func at(_ reads: UInt64) -> CSRContext { CSRContext(walkReads: reads) }
        csr.store(CSR.mhpmcounter3, 100, at(7))
        #expect(csr.value(CSR.hpmcounter3, at(9)) == 100)
        csr.store(CSR.mhpmevent3, 1, at(10))
        #expect(csr.value(CSR.mhpmcounter3, at(10)) == 100)
        #expect(csr.value(CSR.hpmcounter3, at(15)) == 105)
        csr.store(CSR.mcountinhibit, 1 << 3, at(20))
        #expect(csr.value(CSR.mhpmcounter3, at(99)) == 110)
        csr.store(CSR.mcountinhibit, 0, at(100))
        #expect(csr.value(CSR.mhpmcounter3, at(101)) == 111)
        csr.store(CSR.mhpmcounter3, 5, at(200))
        #expect(csr.value(CSR.mhpmcounter3, at(201)) == 6)
        csr.store(CSR.mhpmevent3, 0, at(202))
        #expect(csr.value(CSR.mhpmcounter3, at(300)) == 7)
    }

    @Test(arguments: fields)
    func writable(_ field: Field) throws {
        var csr = CSRFile(isa: fullISA)
        csr.mstatus |= Status.fs
        if field.number == CSR.mstatus { csr.mstatus = 0 }
        if field.number == CSR.sstatus { csr.mstatus = 0 }
        let name = CSR.name(field.number)
        #expect(try csr.roundTrip(field.number, ~0) == field.ones, "\(name as Any)")
        #expect(try csr.roundTrip(field.number, 0) == field.zeros, "\(name as Any)")
    }

    @Test func pmpConfigurationBytes() throws {
        for number in [CSR.pmpcfg0, CSR.pmpcfg2] {
            var csr = CSRFile(isa: fullISA)
            // Bits 5 and 6 are read-only zero.
            #expect(try csr.roundTrip(number, 0x7f7f_7f7f_7f7f_7f7f) == 0x1f1f_1f1f_1f1f_1f1f)
            // W without R is reserved.
            #expect(try csr.roundTrip(number, 0x0602_0602_0602_0602) == 0x0400_0400_0400_0400)
            #expect(try csr.roundTrip(number, 0) == 0)
        }
    }

    @Test func reservedPreviousPrivilegeKeepsTheOldOne() throws {
        for old in [UInt64(0), 1, 3] {
            var csr = CSRFile(isa: fullISA)
            csr.set(CSR.mstatus, old << 11)
            csr.set(CSR.mstatus, 2 << 11 | Status.sum)
            #expect(csr.get(CSR.mstatus).bits(12, 11) == old)
            #expect(csr.get(CSR.mstatus) & Status.sum != 0)
        }
    }

    @Test func vectorModes() throws {
        for number in [CSR.mtvec, CSR.stvec] {
            var csr = CSRFile(isa: fullISA)
            #expect(try csr.roundTrip(number, 0xffff_ffff_8000_0101) == 0xffff_ffff_8000_0101)
            #expect(try csr.roundTrip(number, 0x1002) == 0xffff_ffff_8000_0101)
            #expect(try csr.roundTrip(number, 0x1003) == 0xffff_ffff_8000_0101)
            #expect(try csr.roundTrip(number, 0x1004) == 0x1004)
        }
    }

    @Test func translationModes() throws {
        for largest in PageTableMode.allCases {
            var csr = CSRFile(isa: fullISA, largestMode: largest)
            for mode in UInt64(0)..<16 {
                let before = csr.get(CSR.satp)
                let value = mode << 60 | 0xffff << 44 | 0xfff_ffff_ffff
                let isSupported = mode == 0 || (8...10).contains(mode) && mode <= largest.rawValue
                #expect(try csr.roundTrip(CSR.satp, value) == (isSupported ? value : before))
            }
        }
    }

    @Test func cacheBlockFieldKeepsItsValueOnAReservedWrite() throws {
        for number in [CSR.menvcfg, CSR.senvcfg] {
            var csr = CSRFile(isa: fullISA)
            #expect(try csr.roundTrip(number, 0x10) == 0x10)
            #expect(try csr.roundTrip(number, 0xe0) == 0xd0)
            #expect(try csr.roundTrip(number, 0x30) == 0x30)
        }
    }

    @Test func fieldsGoWithTheirExtension() throws {
        struct Case {
            var missing: ISAExtension
            var number: Int
            var bits: UInt64
        }
        let cases = [
            Case(missing: .svadu, number: CSR.menvcfg, bits: 1 << 61),
            Case(missing: .svpbmt, number: CSR.menvcfg, bits: 1 << 62),
            Case(missing: .sstc, number: CSR.menvcfg, bits: 1 << 63),
            Case(missing: .zicbom, number: CSR.menvcfg, bits: 0x70),
            Case(missing: .zicboz, number: CSR.menvcfg, bits: 0x80),
            Case(missing: .zicbom, number: CSR.senvcfg, bits: 0x70),
            Case(missing: .zicboz, number: CSR.senvcfg, bits: 0x80),
            Case(missing: .sscofpmf, number: CSR.mie, bits: 0x2000),
            Case(missing: .sscofpmf, number: CSR.mip, bits: 0x2000),
            Case(missing: .sscofpmf, number: CSR.mideleg, bits: 0x2000),
            Case(missing: .c, number: CSR.mepc, bits: 2),
            Case(missing: .c, number: CSR.sepc, bits: 2),
        ]
        for item in cases {
            var with = CSRFile(isa: fullISA)
            var without = CSRFile(isa: isa(without: item.missing))
            let expected = try with.roundTrip(item.number, ~0) & ~item.bits
            #expect(try without.roundTrip(item.number, ~0) == expected)
        }
        var soft = CSRFile(isa: isa(without: .f, .d))
        #expect(try soft.roundTrip(CSR.mstatus, Status.fs) & Status.fs == 0)
        #expect(soft.get(CSR.misa) & 0b101000 == 0)
        // Without compressed instructions a fetch can be misaligned, so it can be delegated.
        var wide = CSRFile(isa: isa(without: .c))
        #expect(try wide.roundTrip(CSR.medeleg, 1) == 1)
    }

    @Test func identityRegisters() throws {
        let csr = CSRFile(isa: fullISA, hartID: 5)
        for (number, value) in [
            (CSR.mvendorid, 0), (CSR.marchid, 0), (CSR.mimpid, 0), (CSR.mhartid, UInt64(5)),
            (CSR.mconfigptr, 0),
        ] {
            #expect(try csr.read(number, privilege: .machine, context: CSRContext()) == value)
            #expect(csr.refuses(number, .machine, writes: true))
        }
    }

    @Test func statusIsDirtyOnlyWithDirtyState() throws {
        for state in UInt64(0)..<4 {
            var csr = CSRFile(isa: fullISA)
            csr.set(CSR.sstatus, state << 13)
            #expect(csr.get(CSR.mstatus).bit(63) == (state == 3))
            #expect(csr.get(CSR.sstatus).bit(63) == (state == 3))
        }
        var csr = CSRFile(isa: fullISA)
        csr.set(CSR.mstatus, 1 << 13)
        csr.set(CSR.fcsr, 0xe3)
        #expect(csr.get(CSR.frm) == 7)
        #expect(csr.get(CSR.fflags) == 3)
        #expect(csr.get(CSR.mstatus).bits(14, 13) == 3)
    }

    /// The supervisor's registers are views: a write through one leaves the machine's bits alone.
    @Test func supervisorViews() throws {
        var csr = CSRFile(isa: fullISA)
        csr.set(CSR.mstatus, Status.mie | Status.tvm | Status.mprv)
        csr.set(CSR.sstatus, ~0)
        #expect(csr.mstatus & ~Status.supervisorWritable == Status.mie | Status.tvm | Status.mprv)
        csr.set(CSR.mideleg, Interrupts.supervisorTimer)
        csr.set(CSR.mie, 0xaaa)
        #expect(csr.get(CSR.sie) == Interrupts.supervisorTimer)
        csr.set(CSR.sie, 0)
        #expect(csr.get(CSR.mie) == 0xaaa & ~Interrupts.supervisorTimer)
        csr.set(CSR.sie, ~0)
        #expect(csr.get(CSR.mie) == 0xaaa)
        // sip: STIP and SEIP are read-only, SSIP follows its delegation.
        csr.set(CSR.mideleg, 0x2222)
        csr.set(CSR.sip, ~0)
        #expect(csr.get(CSR.mip) == 0x2002)
        csr.set(CSR.mideleg, 0)
        csr.set(CSR.sip, 0)
        #expect(csr.get(CSR.mip) == 0x2002)
        #expect(csr.get(CSR.sip) == 0)
    }
}
