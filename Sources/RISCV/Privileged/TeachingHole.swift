import Bits

/// Xhole, an extension that breaks Popek and Goldberg's condition on purpose, as `pushf` and `popf` did
/// on x86: its instructions are sensitive, and do not trap in U-mode.
///
/// `xhole.get rd, rs1` reads the bits of the supervisor's status that rs1 names. `xhole.put rd, rs1`
/// reads all of it and writes rs1. In U-mode interrupts seem always on and S-mode seems far (SIE and
/// SPIE read as one, SPP as zero), and a write is ignored. In a guest the status is `vsstatus`.
extension CSRFile {
    package func seenStatus(_ privilege: Privilege) -> UInt64 {
        let status = isVirtual ? fullGuestStatus : fullStatus & Status.supervisorReadable
        guard privilege == .user else { return status }
        return (status | Status.sie | Status.spie) & ~Status.spp
    }
    package mutating func putStatus(_ value: UInt64, _ privilege: Privilege) -> CSREffects {
        guard privilege != .user else { return [] }
        return store(isVirtual ? CSR.vsstatus : CSR.sstatus, value, CSRContext())
    }
}
