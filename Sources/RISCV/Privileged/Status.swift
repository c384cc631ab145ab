/// Fields of `mstatus` and `sstatus` (privileged specification §3.1.6).
@usableFromInline package enum Status {
    @inlinable package static var sie: UInt64 { 1 &<< 1 }
    @inlinable package static var mie: UInt64 { 1 &<< 3 }
    @inlinable package static var spie: UInt64 { 1 &<< 5 }
    @inlinable package static var mpie: UInt64 { 1 &<< 7 }
    @inlinable package static var spp: UInt64 { 1 &<< 8 }
    @inlinable package static var mpp: UInt64 { 3 &<< 11 }
    @inlinable package static var fs: UInt64 { 3 &<< 13 }
    @inlinable package static var mprv: UInt64 { 1 &<< 17 }
    @inlinable package static var sum: UInt64 { 1 &<< 18 }
    @inlinable package static var mxr: UInt64 { 1 &<< 19 }
    @inlinable package static var tvm: UInt64 { 1 &<< 20 }
    @inlinable package static var tw: UInt64 { 1 &<< 21 }
    @inlinable package static var tsr: UInt64 { 1 &<< 22 }
    /// UXL and SXL hold 2: 64 bits, not switchable.
    @inlinable package static var uxl64: UInt64 { 2 &<< 32 }
    @inlinable package static var sxl64: UInt64 { 2 &<< 34 }
    /// A trap from a guest, or about its addresses, wrote an address of the guest.
    @inlinable package static var gva: UInt64 { 1 &<< 38 }
    /// The virtualization mode before a trap, as MPP is the privilege.
    @inlinable package static var mpv: UInt64 { 1 &<< 39 }
    @inlinable package static var sd: UInt64 { 1 &<< 63 }

    @inlinable package static var mppShift: UInt64 { 11 }

    /// What software can change in `mstatus`, beside MPV and GVA where there is H; endianness, the
    /// vector state and XS are not implemented.
    package static var writable: UInt64 {
        sie | mie | spie | mpie | spp | mpp | fs | mprv | sum | mxr | tvm | tw | tsr
    }
    package static var supervisorWritable: UInt64 { sie | spie | spp | fs | sum | mxr }
    package static var supervisorReadable: UInt64 { supervisorWritable | 3 &<< 32 | sd }
}

/// Fields of `hstatus` (§18.2.1). VSXL holds 2 and is not switchable; no interrupt file, no VSBE.
@usableFromInline package enum HypervisorStatus {
    @inlinable package static var gva: UInt64 { 1 &<< 6 }
    /// The virtualization mode before a trap to HS-mode.
    @inlinable package static var spv: UInt64 { 1 &<< 7 }
    /// The privilege in the guest before it; HLV and HSV act with it.
    @inlinable package static var spvp: UInt64 { 1 &<< 8 }
    /// HLV and HSV are allowed in U-mode.
    @inlinable package static var hu: UInt64 { 1 &<< 9 }
    @inlinable package static var vtvm: UInt64 { 1 &<< 20 }
    @inlinable package static var vtw: UInt64 { 1 &<< 21 }
    @inlinable package static var vtsr: UInt64 { 1 &<< 22 }
    @inlinable package static var vsxl64: UInt64 { 2 &<< 32 }

    package static var writable: UInt64 { gva | spv | spvp | hu | vtvm | vtw | vtsr }
}

/// Bits of `mip`, `mie`, `mideleg` and of the hart's own lines.
@usableFromInline package enum Interrupts {
    @inlinable package static var supervisorSoftware: UInt64 { 1 &<< 1 }
    @inlinable package static var machineSoftware: UInt64 { 1 &<< 3 }
    @inlinable package static var supervisorTimer: UInt64 { 1 &<< 5 }
    @inlinable package static var machineTimer: UInt64 { 1 &<< 7 }
    @inlinable package static var supervisorExternal: UInt64 { 1 &<< 9 }
    @inlinable package static var machineExternal: UInt64 { 1 &<< 11 }
    /// LCOFI of Sscofpmf.
    @inlinable package static var counterOverflow: UInt64 { 1 &<< 13 }

    @inlinable package static var virtualSoftware: UInt64 { 1 &<< 2 }
    @inlinable package static var virtualTimer: UInt64 { 1 &<< 6 }
    @inlinable package static var virtualExternal: UInt64 { 1 &<< 10 }
    /// Those of VS-mode; there they stand one bit lower, where a supervisor looks for its own.
    @inlinable package static var virtual: UInt64 {
        virtualSoftware | virtualTimer | virtualExternal
    }

    @inlinable package static var supervisor: UInt64 {
        supervisorSoftware | supervisorTimer | supervisorExternal
    }
    @inlinable package static var machine: UInt64 {
        machineSoftware | machineTimer | machineExternal
    }
    /// Those whose level the board drives.
    @inlinable package static var driven: UInt64 {
        machineSoftware | machineTimer | supervisorExternal | machineExternal
    }
    /// The interrupt bit of a cause.
    @inlinable package static var flag: UInt64 { 1 &<< 63 }
}

/// Fields of `menvcfg` and `senvcfg`.
@usableFromInline package enum Environment {
    @inlinable package static var fiom: UInt64 { 1 }
    @inlinable package static var cbie: UInt64 { 3 &<< 4 }
    @inlinable package static var cbcfe: UInt64 { 1 &<< 6 }
    @inlinable package static var cbze: UInt64 { 1 &<< 7 }
    @inlinable package static var adue: UInt64 { 1 &<< 61 }
    @inlinable package static var pbmte: UInt64 { 1 &<< 62 }
    @inlinable package static var stce: UInt64 { 1 &<< 63 }
}

/// Bits of `mstateen0` (Smstateen); bit 63 also exists in `mstateen1` to `mstateen3`.
@usableFromInline package enum StateEnable {
    package static var envcfg: UInt64 { 1 &<< 62 }
    package static var supervisor: UInt64 { 1 &<< 63 }
}

/// Fields of `mseccfg` that Zkr defines.
@usableFromInline package enum Security {
    package static var useed: UInt64 { 1 &<< 8 }
    package static var sseed: UInt64 { 1 &<< 9 }
}
