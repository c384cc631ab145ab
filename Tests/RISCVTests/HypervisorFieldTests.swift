import Bits
import RISCV
import Testing

/// Which bits of the hypervisor's registers hold what is written, and which registers share them.
@Suite struct HypervisorFieldTests {
    private func file() -> CSRFile {
        var csr = CSRFile(isa: hypervisorISA)
        csr.set(CSR.menvcfg, Environment.stce | Environment.pbmte | Environment.adue)
        for index in 0..<4 { csr.set(CSR.mstateen0 + index, ~0) }
        return csr
    }

    private static let masks: [(number: Int, ones: UInt64, zeros: UInt64)] = [
        // GVA, SPV, SPVP, HU, VTVM, VTW, VTSR; VSXL is 2, VGEIN and VSBE are zero.
        (CSR.hstatus, 0x2_0070_03c0, 0x2_0000_0000),
        // §18.2.2: 9, 10, 11 and 20 to 23 stay with HS-mode.
        (CSR.hedeleg, 0xb1fe, 0), (CSR.hideleg, 0x444, 0),
        (CSR.medeleg, 0xf0_b7fe, 0), (CSR.mideleg, 0x2666, 0x444),
        (CSR.hie, 0x444, 0), (CSR.hvip, 0x444, 0), (CSR.hip, 0x4, 0),
        (CSR.htimedelta, ~0, 0), (CSR.hcounteren, 0xffff_ffff, 0), (CSR.hgeie, 0, 0),
        // CBIE = 3 is legal, so that all of it is kept.
        (CSR.henvcfg, 0xe000_0000_0000_00f1, 0),
        (CSR.hstateen0, 3 << 62, 0), (CSR.hstateen0 + 1, 1 << 63, 0), (CSR.hstateen3, 1 << 63, 0),
        (CSR.htval, ~0, 0), (CSR.htinst, ~0, 0), (CSR.mtval2, ~0, 0), (CSR.mtinst, ~0, 0),
        // SIE, SPIE, SPP, FS, SUM, MXR; UXL is 2 and SD follows FS.
        (CSR.vsstatus, 0x8000_0002_000c_6122, 0x2_0000_0000),
        (CSR.vsscratch, ~0, 0), (CSR.vsepc, ~1, 0), (CSR.vscause, ~0, 0), (CSR.vstval, ~0, 0),
        (CSR.vstimecmp, ~0, 0), (CSR.vsie, 0, 0), (CSR.vsip, 0, 0),
    ]

    /// What is read after all ones and after zero were written.
    @Test(arguments: HypervisorFieldTests.masks.indices)
    func fieldsHoldWhatIsWritten(_ index: Int) throws {
        let (number, ones, zeros) = Self.masks[index]
        var csr = file()
        #expect(try csr.roundTrip(number, ~0) == ones)
        #expect(try csr.roundTrip(number, 0) == zeros)
        // SD is no field of its own.
        let fields = ~zeros & ~(number == CSR.vsstatus ? Status.sd : 0)
        for bit in UInt64(0)..<64 {
            // CBIE = 2 is reserved.
            if number == CSR.henvcfg && bit == 5 { continue }
            let got = try csr.roundTrip(number, 1 << bit)
            #expect(got & fields == 1 << bit & ones & fields, "\(bit)")
        }
    }

    @Test func guestVector() throws {
        var csr = file()
        #expect(try csr.roundTrip(CSR.vstvec, 0x1001) == 0x1001)
        // A reserved mode: nothing is written.
        #expect(try csr.roundTrip(CSR.vstvec, 0x2002) == 0x1001)
    }

    @Test func machineStatusHasTheVirtualizationFields() throws {
        var csr = file()
        let virtual = Status.mpv | Status.gva
        #expect(try csr.roundTrip(CSR.mstatus, virtual) & virtual == virtual)
        var plain = CSRFile(isa: fullISA)
        #expect(try plain.roundTrip(CSR.mstatus, virtual) & virtual == 0)
        csr.set(CSR.sstatus, virtual)
        #expect(csr.get(CSR.sstatus) & virtual == 0)
        #expect(csr.get(CSR.misa).bit(7) && !plain.get(CSR.misa).bit(7))
    }

    /// §18.2.10: the mode stays where one is not supported; the root is 16 KiB, a VMID has 14 bits.
    @Test func guestTranslation() throws {
        var csr = CSRFile(isa: hypervisorISA, largestMode: .sv48)
        #expect(try csr.roundTrip(CSR.hgatp, ~0) == 0x03ff_ffff_ffff_fffc)
        for mode in UInt64(0)..<16 {
            let isKnown = [0, 8, 9].contains(mode)
            csr.set(CSR.hgatp, 8 << 60)
            csr.set(CSR.vsatp, 8 << 60)
            let value = mode << 60 | 7 << 44 | 0x80004
            #expect(
                try csr.roundTrip(CSR.hgatp, value)
                    == (isKnown ? value : 8 << 60 | value & ~(15 << 60))
            )
            #expect(try csr.roundTrip(CSR.vsatp, value) == (isKnown ? value : 8 << 60))
        }
        csr.set(CSR.hgatp, 8 << 60 | 0x2123 << 44)
        #expect(csr.vmid == 0x2123)
    }

    /// What menvcfg and mstateen do not grant reads as zero.
    @Test func grantsFromAbove() {
        for bit in [Environment.stce, Environment.pbmte, Environment.adue] {
            var csr = file()
            csr.set(CSR.henvcfg, ~0)
            csr.set(CSR.menvcfg, ~bit)
            #expect(csr.get(CSR.henvcfg) == 0xe000_0000_0000_00f1 & ~bit)
        }
        for index in 0..<4 {
            var csr = file()
            csr.set(CSR.hstateen0 + index, ~0)
            csr.set(CSR.mstateen0 + index, 0)
            #expect(csr.get(CSR.hstateen0 + index) == 0)
        }
        var csr = file()
        csr.set(CSR.henvcfg, 3 << 4)
        csr.set(CSR.henvcfg, 2 << 4)
        #expect(csr.get(CSR.henvcfg) == 3 << 4)
    }

    /// One bit each of VSSIP, VSTIP and VSEIP, and where it is seen; written only where it may be.
    @Test func pendingBits() {
        for bit in [UInt64(2), 6, 10] {
            for isDelegated in [false, true] {
                let value = UInt64(1) << bit
                var csr = file()
                csr.set(CSR.hideleg, isDelegated ? value : 0)
                csr.set(CSR.hvip, value)
                #expect(csr.get(CSR.hip) == value && csr.get(CSR.mip) == value)
                #expect(csr.get(CSR.sip) == 0)
                #expect(csr.get(CSR.vsip) == (isDelegated ? value >> 1 : 0))
                csr.set(CSR.vsip, 0)
                let isCleared = bit == 2 && isDelegated
                #expect(csr.get(CSR.hvip) == (isCleared ? 0 : value))
                for number in [CSR.hip, CSR.mip] {
                    csr.set(CSR.hvip, value)
                    csr.set(number, 0)
                    #expect(csr.get(CSR.hvip) == (bit == 2 ? 0 : value))
                    csr.set(CSR.hvip, 0)
                    csr.set(number, ~0)
                    #expect(csr.get(CSR.hvip) == 4)
                }
                csr.set(CSR.hvip, value)
                csr.set(CSR.sip, 0)
                #expect(csr.get(CSR.hvip) == value)
            }
        }
    }

    @Test func enableBits() {
        for bit in [UInt64(2), 6, 10] {
            for isDelegated in [false, true] {
                let value = UInt64(1) << bit
                var csr = file()
                csr.set(CSR.hideleg, isDelegated ? value : 0)
                csr.set(CSR.hie, ~0)
                #expect(csr.get(CSR.mie) == 0x444 && csr.get(CSR.sie) == 0)
                #expect(csr.get(CSR.vsie) == (isDelegated ? value >> 1 : 0))
                csr.set(CSR.vsie, 0)
                #expect(csr.get(CSR.hie) == (isDelegated ? 0x444 & ~value : 0x444))
                csr.set(CSR.hie, 0)
                csr.set(CSR.vsie, ~0)
                #expect(csr.get(CSR.mie) == (isDelegated ? value : 0))
                csr.set(CSR.mie, 0x444)
                csr.set(CSR.mideleg, ~0)
                csr.set(CSR.sie, 0)
                #expect(csr.get(CSR.hie) == 0x444)
            }
        }
    }

    /// In a guest the supervisor's numbers reach the guest's registers, and no others change.
    @Test func supervisorNumbersInAGuest() throws {
        let pairs = [
            (CSR.sstatus, CSR.vsstatus), (CSR.stvec, CSR.vstvec), (CSR.sscratch, CSR.vsscratch),
            (CSR.sepc, CSR.vsepc), (CSR.scause, CSR.vscause), (CSR.stval, CSR.vstval),
            (CSR.satp, CSR.vsatp), (CSR.stimecmp, CSR.vstimecmp), (CSR.sie, CSR.vsie),
            (CSR.sip, CSR.vsip),
        ]
        for (own, guest) in pairs {
            for quickly in [false, true] {
                var csr = CSRFile.openToGuests()
                csr.set(CSR.hideleg, 0x444)
                csr.isVirtual = true
                let value: UInt64 = 8 << 60 | 0x222
                var expected = csr
                expected.set(guest, value)
                if quickly {
                    guard
                        csr.accessQuickly(
                            own, .write, value, writes: true, privilege: .supervisor) != nil
                    else { continue }
                } else {
                    _ = try csr.access(
                        own, .write, value, privilege: .supervisor, context: CSRContext())
                }
                #expect(csr == expected, "\(own)")
                let read = try csr.read(own, privilege: .supervisor, context: CSRContext())
                #expect(read == csr.get(guest))
            }
        }
        // These have one copy.
        var csr = CSRFile.openToGuests()
        csr.isVirtual = true
        for number in [CSR.scounteren, CSR.senvcfg] {
            _ = try csr.access(
                number, .write, 0x31, privilege: .supervisor, context: CSRContext())
            #expect(csr.get(number) == 0x31)
        }
    }
}
