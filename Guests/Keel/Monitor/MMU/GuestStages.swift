import Bits
import RISCV

/// The G-stage tables of a world under `cpu=hardware`, of which the virtual hart's state chooses one.
package struct GuestStages: Sendable {
    private let all: GuestStage
    /// While virtual machine mode loads and stores with another mode's eyes (MPRV): VS-mode fetches
    /// there without translation, and the monitor carries out the rest.
    private let code: GuestStage
    /// For supervisor and user mode, where the virtual PMP leaves them less than all.
    private let protected: GuestStage
    private var isProtected = false
    private var isStale = true

    package init(all: GuestStage, code: GuestStage, protected: GuestStage) {
        self.all = all
        self.code = code
        self.protected = protected
    }

    /// The virtual PMP changed.
    mutating func rulesChanged() { isStale = true }

    /// Before the guest runs: tables follow the virtual PMP. True if the real hart has to forget what it
    /// knows of them.
    package mutating func refresh(
        _ csr: CSRFile, _ privilege: Privilege, _ ram: GuestRAM, _ pool: inout PagePool
    ) -> Bool {
        guard isStale, privilege != .machine else { return false }
        isStale = false
        isProtected = !csr.pmp.isOpen(
            GuestPhysical(GuestRAM.start), count: ram.count, .supervisor)
        if isProtected { protected.protect(ram, csr.pmp, &pool) }
        return true
    }

    /// Supervisor or user mode fetches from a page of which the virtual PMP leaves it a part: the page is
    /// mapped for that alone. False where it may not.
    func openCode(_ address: GuestPhysical, _ pmp: PMP, _ ram: GuestRAM) -> Bool {
        guard isProtected, pmp.check(address, count: 2, .fetch, privilege: .supervisor),
            let host = ram.host(GuestPhysical(address.rawValue & ~0xfff), count: 4096)
        else { return false }
        return protected.openCode(address, host)
    }

    /// That of supervisor and user mode, whose translations fences are for.
    package var supervisor: GuestStage { isProtected ? protected : all }

    package func stage(_ csr: CSRFile, _ privilege: Privilege) -> GuestStage {
        guard privilege == .machine else { return supervisor }
        return csr.effectiveMode(.load, privilege).privilege == .machine ? all : code
    }
}
