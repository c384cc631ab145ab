import CSkiff

/// The extensions of the supervisor binary interface that Skiff knows (SBI specification 2.0).
enum SBI {
    static let base: UInt64 = 0x10
    static let time: UInt64 = 0x5449_4d45
    static let interProcessor: UInt64 = 0x73_5049
    static let remoteFence: UInt64 = 0x5246_4e43
    static let hartState: UInt64 = 0x48_534d
    static let reset: UInt64 = 0x5352_5354
    static let console: UInt64 = 0x4442_434e

    static let notSupported: Int64 = -2

    static func call(
        _ extension: UInt64, _ function: UInt64, _ p0: UInt64 = 0, _ p1: UInt64 = 0,
        _ p2: UInt64 = 0, _ p3: UInt64 = 0
    ) -> SBIResult {
        sbi_call(`extension`, function, p0, p1, p2, p3)
    }

    /// Whether the firmware has an extension (4.4).
    static func has(_ extension: UInt64) -> Bool {
        let answer = call(base, 3, `extension`)
        return answer.error == 0 && answer.value != 0
    }

    static var version: UInt64 { call(base, 0).value }
    static var implementation: UInt64 { call(base, 1).value }

    static var implementationName: StaticString {
        switch implementation {
        case 0: "Berkeley Boot Loader"
        case 1: "OpenSBI"
        case 4: "RustSBI"
        case MachineMode.implementation: "Skiff's own"
        default: "another"
        }
    }
}
