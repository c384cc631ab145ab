/// Hart states (SBI 3.0, table 10). Starting, stopping and resuming take no time here, so that the
/// pending states between them do not occur.
package enum HartState: UInt64, Sendable {
    case started = 0
    case stopped = 1
    case suspended = 4
}

/// What the firmware keeps for each hart.
struct HartRecord: Sendable, Equatable {
    /// Where a hart continues that lost its registers in a suspend.
    struct Resume: Sendable, Equatable {
        var address: UInt64
        var opaque: UInt64
    }

    var state = HartState.stopped
    var resume: Resume?
    var counters = CounterBank()
    var features: FeatureSet

    init(updatesAD: Bool) { features = FeatureSet(updatesAD: updatesAD) }
}
