import Bits
import Effects

/// The performance monitoring unit (SBI 3.0, chapter 11), with fixed counters for cycles and
/// instructions and the firmware's own.
extension SBIFirmware {
    private enum Flags {
        static let skipMatch: UInt64 = 1 << 0
        static let clearValue: UInt64 = 1 << 1
        static let autoStart: UInt64 = 1 << 2
        static let setInitialValue: UInt64 = 1 << 0
        static let snapshot: UInt64 = 1 << 1
        static let reset: UInt64 = 1 << 0
    }
    private static let firmwareType: UInt64 = 15

    mutating func counters(_ call: SBICall, _ outcome: inout SBIOutcome) -> SBIReply {
        switch call.function {
        case 0: return .success(UInt64(CounterBank.count))
        case 1: return describe(call.a0)
        case 2: return configure(call, &outcome)
        case 3: return start(call, &outcome)
        case 4: return stop(call, &outcome)
        case 5, 6:
            guard call.a0 < UInt64(CounterBank.count), call.a0 >= UInt64(CounterBank.firstFirmware)
            else { return .failure(.invalidParameter) }
            // On a 64-bit hart the upper half is in the lower one's value.
            if call.function == 6 { return .success() }
            let index = Int(call.a0) - CounterBank.firstFirmware
            let bank = harts[call.hart].counters.firmware
            return .success(bank.isEmpty ? 0 : bank[index].value)
        default: return .failure(.notSupported)
        }
    }

    mutating func count(_ event: FirmwareEvent, _ hart: Int) {
        guard !harts[hart].counters.firmware.isEmpty else { return }
        harts[hart].counters.count(event)
    }

    /// `counter_info`: the CSR's number, its width less one, and whether it is the firmware's.
    private func describe(_ index: UInt64) -> SBIReply {
        switch index {
        case 0: .success(0xc00 | 63 << 12)
        case 2: .success(0xc02 | 63 << 12)
        case UInt64(CounterBank.firstFirmware)..<UInt64(CounterBank.count): .success(1 << 63)
        default: .failure(.invalidParameter)
        }
    }

    /// The counters that a base and a mask name, as bits; nil if one does not exist.
    private func counterSet(_ call: SBICall) -> UInt64? {
        guard call.a0 < UInt64(CounterBank.count) else { return nil }
        let named = call.a1 << call.a0
        guard named >> call.a0 == call.a1, named >> UInt64(CounterBank.count) == 0 else {
            return nil
        }
        return named
    }

    // MARK: Configuring

    private mutating func configure(_ call: SBICall, _ outcome: inout SBIOutcome) -> SBIReply {
        guard let set = counterSet(call), set != 0 else { return .failure(.invalidParameter) }
        let (flags, event) = (call.a2, call.a3)
        guard event < 1 << 20 else { return .failure(.invalidParameter) }
        let index: Int
        if flags & Flags.skipMatch != 0 {
            index = set.trailingZeroBitCount
            guard CounterBank.exists(index) else { return .failure(.invalidParameter) }
        } else {
            guard let match = match(event, set, harts[call.hart].counters) else {
                return .failure(.notSupported)
            }
            index = match
        }
        attach(event, to: index, call.hart)
        if flags & Flags.clearValue != 0 { store(index, call.hart, to: 0, &outcome) }
        if flags & Flags.autoStart != 0 { _ = run(index, call.hart, &outcome) }
        return .success(UInt64(index))
    }

    /// A free counter of the set that counts the event.
    private func match(_ event: UInt64, _ set: UInt64, _ bank: CounterBank) -> Int? {
        let code = UInt16(truncatingIfNeeded: event)
        switch (event >> 16, code) {
        case (0, 1):
            return set.bit(CounterBank.cycle) && !bank.cycleState.isConfigured
                ? CounterBank.cycle : nil
        case (0, 2):
            return set.bit(CounterBank.instret) && !bank.instretState.isConfigured
                ? CounterBank.instret : nil
        case (Self.firmwareType, _):
            guard FirmwareEvent(rawValue: code) != nil else { return nil }
            for index in CounterBank.firstFirmware..<CounterBank.count where set.bit(index) {
                let isFree =
                    bank.firmware.isEmpty
                    || bank.firmware[index - CounterBank.firstFirmware].event == nil
                if isFree { return index }
            }
            return nil
        default: return nil
        }
    }

    private mutating func attach(_ event: UInt64, to index: Int, _ hart: Int) {
        switch index {
        case CounterBank.cycle: harts[hart].counters.cycleState.isConfigured = true
        case CounterBank.instret: harts[hart].counters.instretState.isConfigured = true
        default:
            if harts[hart].counters.firmware.isEmpty {
                harts[hart].counters.firmware = [CounterBank.FirmwareCounter](
                    repeating: CounterBank.FirmwareCounter(), count: CounterBank.firmwareCount)
            }
            guard event >> 16 == Self.firmwareType,
                let event = FirmwareEvent(rawValue: UInt16(truncatingIfNeeded: event))
            else { return }
            harts[hart].counters.firmware[index - CounterBank.firstFirmware].event = event
        }
    }

    // MARK: Running

    private mutating func start(_ call: SBICall, _ outcome: inout SBIOutcome) -> SBIReply {
        guard let set = counterSet(call) else { return .failure(.invalidParameter) }
        guard call.a2 & Flags.snapshot == 0 else { return .failure(.noSharedMemory) }
        guard allConfigured(set, call.hart) else { return .failure(.invalidParameter) }
        let value = call.a2 & Flags.setInitialValue != 0 ? call.a3 : nil
        var error = SBIError.success
        var rest = set
        while rest != 0 {
            let index = rest.trailingZeroBitCount
            rest &= rest &- 1
            guard run(index, call.hart, &outcome) else {
                error = .alreadyStarted
                continue
            }
            if let value { store(index, call.hart, to: value, &outcome) }
        }
        return .pair(error, 0)
    }

    private mutating func stop(_ call: SBICall, _ outcome: inout SBIOutcome) -> SBIReply {
        guard let set = counterSet(call) else { return .failure(.invalidParameter) }
        guard call.a2 & Flags.snapshot == 0 else { return .failure(.noSharedMemory) }
        guard allConfigured(set, call.hart) else { return .failure(.invalidParameter) }
        var error = SBIError.success
        var rest = set
        while rest != 0 {
            let index = rest.trailingZeroBitCount
            rest &= rest &- 1
            if !halt(index, call.hart, &outcome) { error = .alreadyStopped }
            if call.a2 & Flags.reset != 0 { release(index, call.hart) }
        }
        return .pair(error, 0)
    }

    private func allConfigured(_ set: UInt64, _ hart: Int) -> Bool {
        let bank = harts[hart].counters
        for index in 0..<CounterBank.count where set.bit(index) {
            let isConfigured =
                switch index {
                case CounterBank.cycle: bank.cycleState.isConfigured
                case CounterBank.instret: bank.instretState.isConfigured
                case CounterBank.firstFirmware...:
                    !bank.firmware.isEmpty
                        && bank.firmware[index - CounterBank.firstFirmware].event != nil
                default: false
                }
            if !isConfigured { return false }
        }
        return true
    }

    private mutating func store(
        _ index: Int, _ hart: Int, to value: UInt64, _ outcome: inout SBIOutcome
    ) {
        if let counter = Self.hardware(index) {
            outcome.actions.append(.setCounter(hart: hart, counter, to: value))
        } else {
            harts[hart].counters.firmware[index - CounterBank.firstFirmware].value = value
        }
    }

    /// False if it ran already.
    private mutating func run(_ index: Int, _ hart: Int, _ outcome: inout SBIOutcome) -> Bool {
        if let counter = Self.hardware(index) {
            guard !isRunning(counter, hart) else { return false }
            setRunning(counter, hart, true)
            outcome.actions.append(.runCounter(hart: hart, counter, true))
            return true
        }
        let place = index - CounterBank.firstFirmware
        defer { harts[hart].counters.firmware[place].isRunning = true }
        return !harts[hart].counters.firmware[place].isRunning
    }

    /// False if it did not run.
    private mutating func halt(_ index: Int, _ hart: Int, _ outcome: inout SBIOutcome) -> Bool {
        if let counter = Self.hardware(index) {
            guard isRunning(counter, hart) else { return false }
            setRunning(counter, hart, false)
            outcome.actions.append(.runCounter(hart: hart, counter, false))
            return true
        }
        let place = index - CounterBank.firstFirmware
        defer { harts[hart].counters.firmware[place].isRunning = false }
        return harts[hart].counters.firmware[place].isRunning
    }

    private mutating func release(_ index: Int, _ hart: Int) {
        switch index {
        case CounterBank.cycle: harts[hart].counters.cycleState.isConfigured = false
        case CounterBank.instret: harts[hart].counters.instretState.isConfigured = false
        default: harts[hart].counters.firmware[index - CounterBank.firstFirmware].event = nil
        }
    }

    private static func hardware(_ index: Int) -> HardwareCounter? {
        switch index {
        case CounterBank.cycle: .cycle
        case CounterBank.instret: .instret
        default: nil
        }
    }
    private func isRunning(_ counter: HardwareCounter, _ hart: Int) -> Bool {
        counter == .cycle
            ? harts[hart].counters.cycleState.isRunning
            : harts[hart].counters.instretState.isRunning
    }
    private mutating func setRunning(_ counter: HardwareCounter, _ hart: Int, _ isRunning: Bool) {
        switch counter {
        case .cycle: harts[hart].counters.cycleState.isRunning = isRunning
        case .instret: harts[hart].counters.instretState.isRunning = isRunning
        }
    }
}
