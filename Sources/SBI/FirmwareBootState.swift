import RISCV

/// The CSRs of a hart as a firmware leaves them when it enters S-mode, as plain values; the hart's
/// own rules (WARL) make of them what it has.
package struct FirmwareBootState: Sendable, Equatable {
    package struct Setting: Sendable, Equatable {
        package let number: Int
        package let value: UInt64
    }
    /// In the order in which they are to be written, in M-mode.
    package let settings: [Setting]

    /// Harts that are told to have Svade beside Svadu start without A/D updating.
    package init(updatesAD: Bool = true) {
        var environment =
            Environment.stce | Environment.pbmte | Environment.cbze | Environment.cbcfe
            | Environment.cbie
        if updatesAD { environment |= Environment.adue }
        settings = [
            // There is no M-mode software: all that can be delegated is, but calls to the firmware.
            Setting(number: CSR.medeleg, value: ~(1 << 9 | 1 << 11)),
            Setting(number: CSR.mideleg, value: Self.supervisorInterrupts),
            Setting(number: CSR.mie, value: 0),
            Setting(number: CSR.mcountinhibit, value: 0),
            Setting(number: CSR.mcounteren, value: 0xffff_ffff),
            Setting(number: CSR.scounteren, value: 0b111),
            Setting(number: CSR.menvcfg, value: environment),
            Setting(number: CSR.mstateen0, value: StateEnable.supervisor | StateEnable.envcfg),
            Setting(number: CSR.mseccfg, value: Security.sseed),
            // A zero would be a timer that has expired.
            Setting(number: CSR.stimecmp, value: ~0),
            // One region over everything: NAPOT, readable, writable, executable.
            Setting(number: CSR.pmpaddr0, value: ~0 >> 10),
            Setting(number: CSR.pmpcfg0, value: 0x1f),
            // The floating-point unit is on, as other firmwares leave it.
            Setting(number: CSR.mstatus, value: 3 << 13),
        ]
    }

    /// Software, timer, external, and the counters' overflow.
    private static let supervisorInterrupts: UInt64 = 1 << 1 | 1 << 5 | 1 << 9 | 1 << 13
}
