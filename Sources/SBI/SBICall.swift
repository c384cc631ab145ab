import Bits

/// Standard error codes (SBI 3.0, table 1).
package enum SBIError: Int64, Sendable, Equatable {
    case success = 0
    case failed = -1
    case notSupported = -2
    case invalidParameter = -3
    case denied = -4
    case invalidAddress = -5
    case alreadyAvailable = -6
    case alreadyStarted = -7
    case alreadyStopped = -8
    case noSharedMemory = -9
    case deniedLocked = -14
}

/// An `ecall` from S-mode: the extension in a7, the function in a6, and a0 to a5.
package struct SBICall: Sendable, Equatable {
    /// The hart that calls.
    package var hart: Int
    package var `extension`: UInt64
    package var function: UInt64
    package var a0: UInt64
    package var a1: UInt64
    package var a2: UInt64
    package var a3: UInt64
    package var a4: UInt64
    package var a5: UInt64
    /// The guest that the caller's `hgatp` names; fences of guests mean it.
    package var vmid: UInt64 = 0

    package init(
        hart: Int, extension: UInt64, function: UInt64, a0: UInt64 = 0, a1: UInt64 = 0,
        a2: UInt64 = 0, a3: UInt64 = 0, a4: UInt64 = 0, a5: UInt64 = 0
    ) {
        self.hart = hart
        self.extension = `extension`
        self.function = function
        (self.a0, self.a1, self.a2, self.a3, self.a4, self.a5) = (a0, a1, a2, a3, a4, a5)
    }
}

/// What the call leaves in the caller's registers.
package enum SBIReply: Sendable, Equatable {
    /// a0 is the error, a1 the value.
    case pair(SBIError, UInt64)
    /// A legacy call sets a0 alone.
    case legacy(Int64)
    /// The hart does not come back from this call.
    case none

    static func success(_ value: UInt64 = 0) -> Self { .pair(.success, value) }
    static func failure(_ error: SBIError) -> Self { .pair(error, 0) }
}

/// Extension identifiers.
package enum SBIExtension {
    package static let legacySetTimer: UInt64 = 0x00
    package static let legacyConsolePutchar: UInt64 = 0x01
    package static let legacyConsoleGetchar: UInt64 = 0x02
    package static let legacyClearIPI: UInt64 = 0x03
    package static let legacyShutdown: UInt64 = 0x08
    package static let base: UInt64 = 0x10
    package static let time: UInt64 = 0x5449_4d45
    package static let ipi: UInt64 = 0x73_5049
    package static let remoteFence: UInt64 = 0x5246_4e43
    package static let hartState: UInt64 = 0x48_534d
    package static let systemReset: UInt64 = 0x5352_5354
    package static let counters: UInt64 = 0x50_4d55
    package static let debugConsole: UInt64 = 0x4442_434e
    package static let systemSuspend: UInt64 = 0x5355_5350
    package static let features: UInt64 = 0x4657_4654
}
