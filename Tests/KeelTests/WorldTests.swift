import Bits
import Effects
import Keel
import RISCV
import Testing

/// What a world makes of VMExits, without a real hart: the tests say what one would report.
@Suite struct WorldTests {
    private static let code = GuestRAM.start + 0x1000
    private static let clock = Clock(time: 1000, retired: 5000)

    /// A world in machine mode at `code`, with these instructions there.
    private func world(_ rig: Rig, _ words: [UInt32] = []) -> World {
        var world = rig.world()
        world.startMachine(at: Self.code, tree: 0)
        for (index, word) in words.enumerated() {
            _ = rig.ram.store(
                GuestPhysical(Self.code + UInt64(index) * 4), UInt64(word), .word)
        }
        return world
    }

    // MARK: Devices

    @Test func aStoreToTheSerialPortIsCarriedOut() throws {
        let rig = try Rig()
        // sb a1, 0(a0); c.sw a1, 0(a0), which is a byte to the same register
        var world = world(rig, [0x00b5_0023, 0xc10c])
        world.vcpu[x: 10] = BoardMap.uart
        world.vcpu[x: 11] = UInt64(UInt8(ascii: "K"))
        for pc in [Self.code + 4, Self.code + 6] {
            let exit = VMExit.pageFault(.store, address: BoardMap.uart)
            #expect(world.resolve(exit, Self.clock) == .resume)
            #expect(world.vcpu.pc == pc)
        }
        #expect(world.output == Array("KK".utf8))
        #expect(world.counts.deviceAccesses == 2)
    }

    @Test func aLoadFromNowhereIsTheGuestsFault() throws {
        let rig = try Rig()
        var world = world(rig, [0x0005_3583])  // ld a1, 0(a0)
        world.vcpu[x: 10] = 0x5000_0000
        world.vcpu.csr.mtvec = GuestRAM.start
        _ = world.resolve(.pageFault(.load, address: 0x5000_0000), Self.clock)
        #expect(world.vcpu.csr.mcause == 5)
        #expect(world.vcpu.csr.mtval == 0x5000_0000)
        #expect(world.vcpu.csr.mepc == Self.code)
        #expect(world.vcpu.pc == GuestRAM.start)
    }

    @Test func anInstructionThatEndsOnNoPageIsTheGuestsFault() throws {
        let rig = try Rig()
        var world = world(rig)
        // Half of a store, in the last two bytes of RAM.
        let pc = rig.ram.end - 2
        _ = rig.ram.store(GuestPhysical(pc), 0x3023, .half)
        world.vcpu.pc = pc
        world.vcpu[x: 10] = BoardMap.uart
        _ = world.resolve(.pageFault(.store, address: BoardMap.uart), Self.clock)
        #expect(world.vcpu.csr.mcause == 1)
        #expect(world.vcpu.csr.mtval == rig.ram.end)
    }

    @Test func garbageIsTheGuestsFault() throws {
        let rig = try Rig()
        var random = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            let bits = UInt32.random(in: 0...UInt32.max, using: &random)
            var world = world(rig, [bits, bits])
            world.vcpu[x: Int(bits >> 15 & 31)] = BoardMap.uart
            _ = world.resolve(.illegal(bits: bits), Self.clock)
            _ = world.resolve(.pageFault(.load, address: BoardMap.uart), Self.clock)
            _ = world.resolve(.illegal(bits: 0), Self.clock)
        }
    }

    // MARK: Modes and traps

    @Test func aCallGoesUpAndComesBack() throws {
        let rig = try Rig()
        var world = world(rig)
        world.vcpu.csr.medeleg = 1 << 8
        world.vcpu.csr.stvec = GuestRAM.start + 0x2000
        world.vcpu.privilege = .user
        world.trace = LectureTrace(calls: 1)
        #expect(world.resolve(.call, Self.clock) == .resume)
        #expect(world.vcpu.privilege == .supervisor)
        #expect(world.vcpu.csr.scause == 8)
        #expect(world.vcpu.csr.sepc == Self.code)
        #expect(world.vcpu.pc == GuestRAM.start + 0x2000)
        world.vcpu.csr.sepc &+= 4
        #expect(world.resolve(.illegal(bits: 0x1020_0073), Self.clock) == .resume)
        #expect(world.vcpu.privilege == .user)
        #expect(world.vcpu.pc == Self.code + 4)
        let lines = String(decoding: world.output, as: UTF8.self).split(separator: "\r\n")
        #expect(
            lines.map { $0.dropFirst(6) } == [
                "ecall traps to the monitor", "virtual sepc <- real sepc 0x80001000",
                "virtual mode <- S", "virtual scause <- 0x8",
                "real sepc <- virtual stvec 0x80002000", "page table shows supervisor pages",
                "sret", "sret traps to the monitor", "virtual mode <- U",
                "real sepc <- virtual sepc 0x80001004", "page table hides supervisor pages",
                "sret",
            ])
    }

    @Test func privilegedInstructionsAreRefusedToPrograms() throws {
        let rig = try Rig()
        // sret, mret, wfi, sfence.vma, csrr sstatus, csrr mstatus
        let refused: [UInt32] = [
            0x1020_0073, 0x3020_0073, 0x1050_0073, 0x1200_0073, 0x1000_22f3, 0x3000_22f3,
        ]
        for bits in refused {
            var world = world(rig)
            world.vcpu.privilege = .user
            _ = world.resolve(.illegal(bits: bits), Self.clock)
            #expect(world.vcpu.privilege == .machine)
            #expect(world.vcpu.csr.mcause == 2)
            #expect(world.vcpu.csr.mtval == UInt64(bits))
        }
    }

    @Test func anInterruptEndsAWait() throws {
        let rig = try Rig()
        var world = world(rig)
        world.vcpu.csr.mie = Interrupts.machineTimer
        world.vcpu.csr.mstatus |= Status.mie
        world.vcpu.csr.mtvec = GuestRAM.start
        #expect(world.resolve(.illegal(bits: 0x1050_0073), Self.clock) == .wait)
        // sd a1, 0(a0) to mtimecmp, as another exit would carry it out
        _ = rig.ram.store(GuestPhysical(Self.code + 4), 0x00b5_3023, .word)
        world.vcpu[x: 10] = BoardMap.clint + 0x4000
        world.vcpu[x: 11] = 2000
        _ = world.resolve(.pageFault(.store, address: BoardMap.clint + 0x4000), Self.clock)
        #expect(world.deadline == 2000)
        #expect(world.settle(Clock(time: 1999, retired: 0)) == .wait)
        #expect(world.settle(Clock(time: 2000, retired: 0)) == .resume)
        #expect(world.vcpu.csr.mcause == Interrupts.flag | 7)
        #expect(world.vcpu.pc == GuestRAM.start)
    }

    @Test func theFinisherEndsTheWorld() throws {
        let rig = try Rig()
        var world = world(rig, [0x00b5_2023])  // sw a1, 0(a0)
        world.vcpu[x: 10] = BoardMap.finisher
        world.vcpu[x: 11] = 7 << 16 | 0x3333
        let exit = VMExit.pageFault(.store, address: BoardMap.finisher)
        #expect(world.resolve(exit, Self.clock) == .ended)
        #expect(world.end == EndOfRun(.failure, exitCode: 7))
    }

    // MARK: Translation

    /// MPRV: loads follow the tables of the mode in MPP, fetches do not.
    @Test func machineModeLoadsThroughTheSupervisorsTables() throws {
        let rig = try Rig()
        var world = world(rig, [0x0005_3583])  // ld a1, 0(a0)
        let table = GuestRAM.start + 0x10_0000
        let flags = PTE.valid | PTE.read | PTE.accessed
        rig.put(table, ((table + 0x1000) >> 12) << 10 | PTE.valid)
        rig.put(table + 0x1000, ((table + 0x2000) >> 12) << 10 | PTE.valid)
        rig.put(table + 0x2008, ((GuestRAM.start + 0x3000) >> 12) << 10 | flags)
        rig.put(GuestRAM.start + 0x3010, 0x1234_5678)
        world.vcpu.csr.satp = 8 << 60 | table >> 12
        world.vcpu.csr.store(CSR.pmpaddr0, ~0 >> 10, CSRContext())
        world.vcpu.csr.store(CSR.pmpcfg0, 0x1f, CSRContext())
        world.vcpu.csr.mstatus |= Status.mprv | 1 << Status.mppShift
        world.chooseRoot()
        let exit = VMExit.pageFault(.fetch, address: Self.code)
        #expect(world.resolve(exit, Self.clock) == .resume)
        let root = world.vcpu.frame.guestRoot
        #expect(RealWalk.translate(root, Self.code, .fetch) != nil)
        #expect(RealWalk.translate(root, Self.code, .load) == nil)
        world.vcpu[x: 10] = 0x1010
        _ = world.resolve(.pageFault(.load, address: 0x1010), Self.clock)
        #expect(world.vcpu[x: 11] == 0x1234_5678)
    }

    /// With the widest mode the guest can map any address; the trap page gives way.
    @Test func theTrapPageMovesWhenTheGuestMapsItsPlace() throws {
        let rig = try Rig()
        var world = world(rig)
        var table = GuestRAM.start + 0x10_0000
        world.vcpu.csr.satp = 10 << 60 | table >> 12
        world.vcpu.csr.store(CSR.pmpaddr0, ~0 >> 10, CSRContext())
        world.vcpu.csr.store(CSR.pmpcfg0, 0x1f, CSRContext())
        world.vcpu.privilege = .supervisor
        world.shadows.satpWritten(world.vcpu.csr.satp)
        world.chooseRoot()
        let before = world.vcpu.frame.trapPage
        for _ in 0..<4 {
            for index in [0, 256] as [UInt64] {
                rig.put(table + index * 8, ((table + 0x1000) >> 12) << 10 | PTE.valid)
            }
            table += 0x1000
        }
        let flags = PTE.valid | PTE.read | PTE.accessed
        rig.put(table, ((GuestRAM.start + 0x3000) >> 12) << 10 | flags)
        #expect(world.resolve(.pageFault(.load, address: before), Self.clock) == .resume)
        let root = world.vcpu.frame.guestRoot
        let page = try #require(RealWalk.translate(root, before, .load))
        #expect(page == rig.ram.base + 0x3000)
        let after = world.vcpu.frame.trapPage
        #expect(after != before && world.shadows.counts.trapPageMoves == 1)
        // The code can be fetched there under both roots, and by the guest under none.
        let monitor = world.vcpu.frame.monitorRoot
        let code = try #require(RealWalk.supervisor(root, after, .fetch))
        #expect(RealWalk.supervisor(monitor, after, .fetch) == code)
        #expect(RealWalk.supervisor(root, after + 4096, .store) == rig.frame)
        #expect(RealWalk.translate(root, after, .fetch) == nil)
    }

    @Test func aWildRootReachesNothing() throws {
        let rig = try Rig()
        for satp in [8 << 60 | ~0 >> 20, 9 << 60 | 1, 8 << 60 | (rig.ram.base >> 12)] as [UInt64] {
            var world = world(rig)
            world.vcpu.csr.satp = satp
            world.vcpu.privilege = .supervisor
            world.shadows.satpWritten(satp)
            world.chooseRoot()
            _ = world.resolve(.pageFault(.load, address: 0x1000), Self.clock)
            #expect(world.vcpu.privilege == .machine)
            #expect([5, 13].contains(world.vcpu.csr.mcause))
        }
    }

    @Test func virtualProtectionIsKept() throws {
        let rig = try Rig()
        var world = world(rig, [0x0005_3583, 0x0005_3583])
        // Bytes 0x80004000 to 0x80004007 are closed to all but machine mode.
        world.vcpu.csr.store(CSR.pmpaddr0, (GuestRAM.start + 0x4000) >> 2, CSRContext())
        world.vcpu.csr.store(CSR.pmpaddr0 + 1, ~0 >> 10, CSRContext())
        world.vcpu.csr.store(CSR.pmpcfg0, 0x1f << 8 | 0x18, CSRContext())
        rig.put(GuestRAM.start + 0x4008, 42)
        world.vcpu.privilege = .supervisor
        world.shadows.rulesChanged()
        world.chooseRoot()
        world.vcpu[x: 10] = GuestRAM.start + 0x4008
        _ = world.resolve(.pageFault(.load, address: GuestRAM.start + 0x4008), Self.clock)
        #expect(world.vcpu[x: 11] == 42)
        world.vcpu[x: 10] = GuestRAM.start + 0x4000
        _ = world.resolve(.pageFault(.load, address: GuestRAM.start + 0x4000), Self.clock)
        #expect(world.vcpu.csr.mcause == 5)
    }
}
