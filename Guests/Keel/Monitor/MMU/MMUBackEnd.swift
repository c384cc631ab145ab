import Bits
import RISCV

/// How shadows are kept in step with the guest's page tables; chosen at boot, as `mmu=`.
package enum MMUKind: UInt8, Sendable, CaseIterable {
    /// Page tables are write-protected, and each store to one traps.
    case trace
    /// Shadows are rebuilt at each write of `satp` and each fence.
    case shadow
    /// Filled by hidden faults and kept; a page table is looked at again when it was written before
    /// a fence.
    case lazy
}

/// What a back-end decides; the shadows themselves are `Shadows`.
protocol MMUBackEnd {
    /// The guest wrote `satp`.
    static func switched(_ shadows: inout Shadows)
    /// The guest executed `sfence.vma`, for the page of an address or for all.
    static func fenced(_ address: UInt64?, _ shadows: inout Shadows)
    /// The guest is about to write to a watched page table: whether it may from now on, or each
    /// store has to come to the monitor.
    static func tableWritten(_ frame: Int, _ access: AccessKind, _ shadows: inout Shadows) -> Fill
    /// The monitor is about to carry out a store of the guest's.
    static func willStore(_ address: GuestPhysical, _ width: AccessWidth, _ shadows: inout Shadows)
}

extension Shadows {
    package mutating func satpWritten(_ satp: UInt64) {
        switchSpace(satp)
        switch kind {
        case .trace: TraceMMU.switched(&self)
        case .shadow: EagerMMU.switched(&self)
        case .lazy: LazyMMU.switched(&self)
        }
    }
    package mutating func fenced(_ address: UInt64? = nil) {
        switch kind {
        case .trace: TraceMMU.fenced(address, &self)
        case .shadow: EagerMMU.fenced(address, &self)
        case .lazy: LazyMMU.fenced(address, &self)
        }
    }
    mutating func tableWritten(_ frame: Int, _ access: AccessKind) -> Fill {
        switch kind {
        case .trace: TraceMMU.tableWritten(frame, access, &self)
        case .shadow: .mapped
        case .lazy: LazyMMU.tableWritten(frame, access, &self)
        }
    }
    package mutating func willStore(_ address: GuestPhysical, _ width: AccessWidth) {
        switch kind {
        case .trace: TraceMMU.willStore(address, width, &self)
        case .shadow: break
        case .lazy: LazyMMU.willStore(address, width, &self)
        }
    }
}
