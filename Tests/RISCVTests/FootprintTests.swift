import Bits
import RISCV
import Testing

@Suite struct FootprintTests {
    private func footprint(_ bits: UInt32) throws -> Footprint {
        let decoder = Decoder(isa: ISA(ISAExtension.allCases))
        return Footprint(try #require(decoder.decode(bits)))
    }

    @Test func arithmetic() throws {
        // add a0, a1, a2
        let add = try footprint(0x00c5_8533)
        #expect(add.readsX == 1 << 11 | 1 << 12)
        #expect(add.writesX == 1 << 10)
        #expect(add.memory == nil && add.control == .next && !add.isSystem)
        // nop: x0 is neither read nor written.
        #expect(try footprint(0x0000_0013) == Footprint())
    }

    @Test func memory() throws {
        // ld a0, -8(sp)
        let load = try footprint(0xff81_3503)
        #expect(load.memory == .init(kind: .load, count: 8, base: 2, offset: -8))
        #expect(load.readsX == 1 << 2 && load.writesX == 1 << 10)
        #expect(load.memory?.address(base: 0) == UInt64(bitPattern: -8))
        // c.swsp ra, 252(sp)
        let store = try footprint(0xdf86)
        #expect(store.memory == .init(kind: .store, count: 4, base: 2, offset: 252))
        #expect(store.readsX == 1 << 1 | 1 << 2 && store.writesX == 0)
        // amoadd.w a0, a1, (a2)
        let atomic = try footprint(0x00b6_252f)
        #expect(atomic.memory == .init(kind: .atomic, count: 4, base: 12, offset: 0))
        // amocas.q a0, a2, (a4): pairs of registers
        let pairs = try footprint(0x28c7_452f)
        #expect(pairs.readsX == 0b11111 << 10 && pairs.writesX == 0b11 << 10)
        // cbo.zero (a0)
        let zero = try footprint(0x0045_200f)
        #expect(zero.memory?.address(base: 0x1234) == 0x1200)
        #expect(zero.memory?.isWrite == true)
    }

    @Test func control() throws {
        // beq a0, a1, +8; jal ra, +16; ret; c.jr t0; ecall; mret
        #expect(try footprint(0x00b5_0463).control == .branch(8))
        let call = try footprint(0x0100_00ef)
        #expect(call.control == .jump(16) && call.isCall && !call.isReturn)
        let ret = try footprint(0x0000_8067)
        #expect(ret.control == .jumpRegister(base: 1, offset: 0) && ret.isReturn && !ret.isCall)
        #expect(try footprint(0x8282).isReturn)
        #expect(try footprint(0x0000_0073).control == .trap)
        #expect(try footprint(0x3020_0073).control == .trapReturn)
    }

    @Test func csr() throws {
        // csrrs a0, mstatus, x0 and csrrw x0, satp, a0
        let read = try footprint(0x3000_2573)
        #expect(read.csr == .init(number: 0x300, isRead: true, isWrite: false))
        #expect(read.writesX == 1 << 10 && read.readsX == 0)
        let write = try footprint(0x1805_1073)
        #expect(write.csr == .init(number: 0x180, isRead: false, isWrite: true))
        #expect(write.readsX == 1 << 10 && write.writesX == 0)
        // csrrwi: the field of rs1 is a number.
        #expect(try footprint(0x1807_d073).readsX == 0)
    }

    /// A row without a clause would be an instruction that always traps.
    @Test func everyRowHasAClause() {
        for row in allRows where !row.isReserved {
            var evaluator = Evaluator()
            evaluator.x = Array(repeating: 64, count: 32)
            do throws(Trap) {
                try evaluator.apply(row.instruction(row.match))
            } catch {
                Issue.record("\(row.mnemonic): \(error)")
            }
        }
    }
}
