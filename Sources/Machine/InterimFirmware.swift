import Bits
import Effects
import Hart
import RISCV

extension Machine {
    func prepareForSupervisor(_ hart: Hart, entry: UInt64) {
        var csr = hart.csr
        csr.medeleg = 0xb1ff & ~(1 << 9) & ~(1 << 11)
        csr.mideleg = 0x222
        csr.menvcfg = ~0
        let c = CSRContext()
        csr.store(CSR.menvcfg, ~0, c)
        csr.store(CSR.mcounteren, ~0, c)
        csr.store(CSR.mideleg, 0x2222, c)
        csr.store(CSR.mstateen0, ~0, c)
        csr.store(CSR.mseccfg, 0x300, c)
        csr.store(CSR.pmpaddr0, ~0, c)
        csr.store(CSR.pmpcfg0, 0x1f, c)
        hart.csr = csr
        hart.privilege = .supervisor
        hart.pc = entry
        hart[x: 10] = UInt64(hart.id)
        hart[x: 11] = plan.deviceTree.rawValue
    }

    func answerCall(_ hart: Hart) {
        let ext = hart[x: 17]
        let fid = hart[x: 16]
        let a0 = hart[x: 10]
        let a1 = hart[x: 11]
        var error: Int64 = 0
        var value: UInt64 = 0
        switch (ext, fid) {
        case (0x10, 0): value = 0x0200_0000
        case (0x10, 1): value = 999
        case (0x10, 2): value = 1
        case (0x10, 3):
            switch a0 {
            case 0x10, 0x4442434E, 0x53525354, 0x54494d45, 0x735049, 0x52464e43: value = 1
            default: value = 0
            }
        case (0x10, _): value = 0
        case (0x4442434E, 0):
            if let b = memory.bytes(GuestRange(start: GuestPhysical(a1), count: a0)) {
                bus.port(BoardDevices.uartConsole)?.output(b)
                value = a0
            }
        case (0x4442434E, 2):
            bus.port(BoardDevices.uartConsole)?.output(UInt8(truncatingIfNeeded: a0))
        case (0x53525354, _): bus.finish(EndOfRun(.shutdown, exitCode: 0))
        case (0x52464e43, _): hart.flushTranslations()
        case (0x735049, _): hart.setLines(2, true)
        default: error = -2
        }
        hart[x: 10] = UInt64(bitPattern: error)
        hart[x: 11] = value
    }
}
