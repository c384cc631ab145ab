import Bits
import Keel
import RISCV
import TestKit
import Testing

/// The short way of a CSR instruction gives what the long way gives.
@Suite struct QuickTests {
    private static let numbers: [UInt32] = [
        0x100, 0x104, 0x105, 0x140, 0x141, 0x142, 0x143, 0x144, 0x180, 0x300, 0x340, 0x341, 0x342,
        0x343,
    ]

    @Test func theShortWayIsTheLongWay() throws {
        let (rig, other) = (try Rig(), try Rig())
        var random = SeededNumbers(seed: 7)
        var taken = 0
        for _ in 0..<4000 {
            let number = Self.numbers[Int(random.next() % 14)]
            let bits =
                number << 20 | UInt32(random.next() & 0x1f) << 15
                | [1, 2, 3, 5, 6, 7][Int(random.next() % 6)] << 12
                | UInt32(random.next() & 0x1f) << 7 | 0x73
            var quick = rig.world()
            var slow = other.world()
            let (privilege, status) = (
                [Privilege.user, .supervisor, .machine][Int(random.next() % 3)], random.next()
            )
            let registers = (0..<32).map { _ in random.next() }
            prepare(&quick, privilege, status, registers)
            prepare(&slow, privilege, status, registers)
            // The long way knows the instruction afterwards, and so the short way takes it.
            let clock = Clock(time: 0, retired: 0)
            var teacher = rig.world()
            prepare(&teacher, .machine, status, registers)
            _ = teacher.resolve(.illegal(bits: bits), clock)
            quick.vcpu.pc = GuestRAM.start
            for index in 1..<32 { quick.vcpu[x: index] = registers[index] }
            guard quick.vcpu.quickly(bits) != .no else { continue }
            taken += 1
            _ = slow.resolve(.illegal(bits: bits), clock)
            #expect(quick.vcpu.csr == slow.vcpu.csr, "\(String(bits, radix: 16))")
            #expect(quick.vcpu.pc == slow.vcpu.pc)
            #expect(quick.vcpu.privilege == slow.vcpu.privilege)
            for index in 0..<32 { #expect(quick.vcpu[x: index] == slow.vcpu[x: index]) }
        }
        #expect(taken > 1000)
    }

    private func prepare(
        _ world: inout World, _ privilege: Privilege, _ status: UInt64, _ registers: [UInt64]
    ) {
        world.startMachine(at: GuestRAM.start, tree: 0)
        world.vcpu.privilege = privilege
        world.vcpu.csr.mideleg = 0x222
        world.vcpu.csr.store(CSR.mstatus, status & ~Status.mprv, CSRContext())
        world.vcpu.csr.mie = status >> 20 & 0x222
        world.vcpu.csr.sscratch = status
        world.vcpu.csr.sepc = status & ~1
        for index in 1..<32 { world.vcpu[x: index] = registers[index] }
    }
}
