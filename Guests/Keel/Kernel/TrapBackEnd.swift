import CKeel
import Keel

/// `cpu=trap`: the guest runs in U-mode of the real hart, whatever mode its virtual hart is in.
struct TrapBackEnd: VCPUBackEnd {
    private static let floatField: UInt64 = 3 << 13

    mutating func prepare(_ world: inout World) {
        fence(&world.shadows.fences)
        let float = world.floatState
        csr_clear_sstatus(Self.floatField & ~float)
        csr_set_sstatus(float)
        csr_write_scounteren(world.counterEnable)
    }

    mutating func run(_ frame: TrapFrame) { keel_enter(frame.address) }

    mutating func exit(_ world: inout World) -> VMExit {
        // The real unit is dirty: so is the virtual one.
        if world.floatIsClean, csr_read_sstatus() & Self.floatField == Self.floatField {
            world.floatBecameDirty()
        }
        return VMExit(cause: world.vcpu.frame.cause, value: world.vcpu.frame.value)
    }

    private func fence(_ orders: inout FenceOrders) {
        guard !orders.isEmpty else { return }
        if orders.instructions { fence_instructions() }
        if orders.everything {
            sfence_all()
        } else {
            for index in 0..<orders.pageCount { sfence_address(orders.pages[index]) }
        }
        orders.clear()
    }
}

/// From trap.S: an illegal instruction. Not 0: it was a CSR instruction and is done.
///
/// SAFETY: the frame is that of a world in `Worlds`, which this hart runs, and so nobody else has it.
@c(keel_quick) func quick(_ frame: UInt64, _ cause: UInt64, _ value: UInt64) -> UInt64 {
    let world = unsafe UnsafeMutablePointer<World>(
        bitPattern: UInt(TrapFrame(address: frame).world)
    ).unsafelyUnwrapped
    let bits = UInt32(truncatingIfNeeded: value)
    if VCPU.readsStatus(bits), unsafe world.pointee.floatIsClean {
        // What the guest reads of FS is what the real unit is in.
        if csr_read_sstatus() & 3 << 13 == 3 << 13 { unsafe world.pointee.floatBecameDirty() }
    }
    switch unsafe world.pointee.vcpu.quickly(bits) {
    case .no: return 0
    case .done: break
    case .floatState:
        let float = unsafe world.pointee.floatState
        csr_clear_sstatus(3 << 13 & ~float)
        csr_set_sstatus(float)
    }
    unsafe world.pointee.counts.quick &+= 1
    return 1
}
