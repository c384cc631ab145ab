import Effects
import Ethernet

/// Which frames the driver wants to see (§5.1.6.5.1, §5.1.6.5.2, §5.1.6.5.3).
struct FrameFilter: Sendable, Equatable {
    /// A table longer than this is as good as "all".
    static let tableLimit = 256

    var mac: MACAddress
    // Until the driver says something of its mode, it sees everything.
    var isPromiscuous = true
    var takesAllGroups = false
    var takesAllStations = false
    var refusesGroups = false
    var refusesStations = false
    var refusesBroadcasts = false
    /// Nil: there were too many, so all are taken.
    var stations: [UInt64]? = []
    var groups: [UInt64]? = []
    /// A bit for each VLAN; empty until the driver has one filtered.
    private var vlans: [UInt64] = []

    init(mac: MACAddress) { self.mac = mac }

    static let vlanCount: UInt16 = 4096

    mutating func setVLAN(_ vlan: UInt16, _ isTaken: Bool) {
        if vlans.isEmpty { vlans = [UInt64](repeating: 0, count: Int(Self.vlanCount) / 64) }
        let bit: UInt64 = 1 << UInt64(vlan % 64)
        if isTaken { vlans[Int(vlan / 64)] |= bit } else { vlans[Int(vlan / 64)] &= ~bit }
    }
    private func has(_ vlan: UInt16) -> Bool {
        !vlans.isEmpty && vlans[Int(vlan / 64)] >> UInt64(vlan % 64) & 1 != 0
    }

    /// `filtersVLANs`: the driver negotiated that, so a tag it did not name is not taken.
    func takes(_ destination: MACAddress, vlan: UInt16?, filtersVLANs: Bool) -> Bool {
        if filtersVLANs, let vlan, !has(vlan) { return false }
        if isPromiscuous { return true }
        if destination == .broadcast { return !refusesBroadcasts }
        if destination.isGroup {
            return !refusesGroups
                && (takesAllGroups || groups.map { $0.contains(destination.value) } ?? true)
        }
        return !refusesStations
            && (takesAllStations || destination == mac
                || stations.map { $0.contains(destination.value) } ?? true)
    }
}
