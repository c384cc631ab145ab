/// The bits of the supervisor's registers that Skiff uses (privileged specification 20240411,
/// chapter 10).
enum Status {
    static let sie: UInt64 = 1 << 1
    static let spie: UInt64 = 1 << 5
    static let spp: UInt64 = 1 << 8
    static let fs: UInt64 = 3 << 13
    static let sum: UInt64 = 1 << 18
    static let mxr: UInt64 = 1 << 19
}

/// Interrupt numbers, which are also the bit numbers in `sie` and `sip`.
enum Interrupt {
    static let software: UInt64 = 1
    static let timer: UInt64 = 5
    static let external: UInt64 = 9
    static let all: UInt64 = 1 << software | 1 << timer | 1 << external
}

/// Bits of a page-table entry (10.4.1).
enum PTE {
    static let valid: UInt64 = 1 << 0
    static let read: UInt64 = 1 << 1
    static let write: UInt64 = 1 << 2
    static let execute: UInt64 = 1 << 3
    static let user: UInt64 = 1 << 4
    static let global: UInt64 = 1 << 5
    static let accessed: UInt64 = 1 << 6
    static let dirty: UInt64 = 1 << 7
    /// Left to software: the page belongs to the image and is neither copied nor freed.
    static let shared: UInt64 = 1 << 8

    static func leaf(_ physical: UInt64, _ bits: UInt64) -> UInt64 {
        (physical >> 12) << 10 | bits | valid | accessed | dirty
    }
    static func table(_ physical: UInt64) -> UInt64 { (physical >> 12) << 10 | valid }
    static func physical(_ entry: UInt64) -> UInt64 { ((entry >> 10) & 0xfff_ffff_ffff) << 12 }
    static func isLeaf(_ entry: UInt64) -> Bool { entry & (read | write | execute) != 0 }
}

let pageSize: UInt64 = 4096
