/// Events that the firmware itself counts (SBI 3.0, table 30).
enum FirmwareEvent: UInt16, Sendable {
    case misalignedLoad, misalignedStore, accessLoad, accessStore, illegalInstruction
    case setTimer, ipiSent, ipiReceived
    case fenceISent, fenceIReceived
    case sfenceSent, sfenceReceived, sfenceASIDSent, sfenceASIDReceived
    case hfenceGSent, hfenceGReceived, hfenceGVMIDSent, hfenceGVMIDReceived
    case hfenceVSent, hfenceVReceived, hfenceVASIDSent, hfenceVASIDReceived
}

/// One hart's counters: the two fixed ones of the hardware at their CSRs' places, and the
/// firmware's behind them.
struct CounterBank: Sendable, Equatable {
    static let cycle = 0
    static let instret = 2
    static let firstFirmware = 3
    static let firmwareCount = 16
    static let count = firstFirmware + firmwareCount

    struct FirmwareCounter: Sendable, Equatable {
        var event: FirmwareEvent?
        var isRunning = false
        var value: UInt64 = 0
    }
    struct HardwareState: Sendable, Equatable {
        var isConfigured = false
        var isRunning = false
    }

    var cycleState = HardwareState()
    var instretState = HardwareState()
    /// Empty until the guest configures one.
    var firmware: [FirmwareCounter] = []

    /// Index 1 belongs to `time`, which is no counter here.
    static func exists(_ index: Int) -> Bool { index >= 0 && index < count && index != 1 }

    mutating func count(_ event: FirmwareEvent) {
        for index in firmware.indices
        where firmware[index].isRunning && firmware[index].event == event {
            firmware[index].value &+= 1
        }
    }
}
