import Devices
import Effects
import GuestMemory

extension VirtioNet {
    /// Commands beyond this are refused: the longest, a table of addresses, is shorter.
    private static let commandLimit: UInt64 = 8 << 10

    /// Carries out the commands in the control queue (§5.1.6.5): class and command, data, and a byte
    /// for the answer.
    mutating func control(
        _ queue: Int, _ rings: inout Rings, _ memory: GuestMemory, _ effects: inout EffectList
    ) {
        while let chain = rings.take(queue, memory, &effects) {
            guard chain.readableCount >= 2, chain.writableCount >= 1 else {
                rings.fail(&effects)
                break
            }
            var isDone = false
            if chain.readableCount <= Self.commandLimit,
                let bytes = BufferList(ranges: chain.readable).gather(
                    memory, skipping: 0, count: chain.readableCount)
            {
                isDone = carryOut(bytes, rings.features, &effects)
            }
            BufferList(ranges: chain.writable).scatter(
                [isDone ? 0 : 1], memory, skipping: 0, &effects)
            rings.complete(queue, chain, written: 1, memory, &effects)
        }
        rings.announce(queue, memory, &effects)
    }

    private mutating func carryOut(
        _ bytes: [UInt8], _ features: Features, _ effects: inout EffectList
    ) -> Bool {
        let data = Array(bytes.dropFirst(2))
        switch bytes[0] {
        case 0: return setMode(bytes[1], data, features)
        case 1 where bytes[1] == 0 && features.contains(.netControlReceive): return setTable(data)
        case 1 where bytes[1] == 1 && features.contains(.netControlMAC):
            guard data.count == 6 else { return false }
            filter.mac = MACAddress(data, at: 0)
            return true
        case 2 where features.contains(.netControlVLAN):
            guard data.count == 2, bytes[1] <= 1 else { return false }
            let vlan = UInt16(data[0]) | UInt16(data[1]) << 8
            guard vlan < FrameFilter.vlanCount else { return false }
            filter.setVLAN(vlan, bytes[1] == 0)
            return true
        case 3 where bytes[1] == 0 && features.contains(.netAnnounce):
            announces = false
            return true
        case 4 where bytes[1] == 0 && features.contains(.netQueues):
            guard data.count == 2 else { return false }
            let pairs = Int(data[0]) | Int(data[1]) << 8
            guard (1...pairCount).contains(pairs) else { return false }
            activePairs = pairs
            return true
        case 5 where bytes[1] == 0 && features.contains(.netControlOffloads):
            return setOffloads(data, features, &effects)
        default: return false
        }
    }

    private mutating func setMode(_ command: UInt8, _ data: [UInt8], _ features: Features) -> Bool {
        guard data.count == 1, features.contains(.netControlReceive),
            command < 2 || features.contains(.netControlReceiveExtra)
        else { return false }
        let isOn = data[0] != 0
        switch command {
        case 0: filter.isPromiscuous = isOn
        case 1: filter.takesAllGroups = isOn
        case 2: filter.takesAllStations = isOn
        case 3: filter.refusesGroups = isOn
        case 4: filter.refusesStations = isOn
        case 5: filter.refusesBroadcasts = isOn
        default: return false
        }
        return true
    }

    /// Two tables, each a count and its addresses: of stations, then of groups (§5.1.6.5.2).
    private mutating func setTable(_ data: [UInt8]) -> Bool {
        var at = 0
        var tables: [[UInt64]?] = []
        for _ in 0..<2 {
            guard at + 4 <= data.count else { return false }
            let count = Int(data.little32(at))
            at += 4
            guard count <= (data.count - at) / 6 else { return false }
            if count > FrameFilter.tableLimit {
                tables.append(nil)
            } else {
                tables.append((0..<count).map { MACAddress(data, at: at + $0 * 6).value })
            }
            at += count * 6
        }
        guard at == data.count else { return false }
        filter.stations = tables[0]
        filter.groups = tables[1]
        return true
    }

    /// The driver takes less, or again more, of what it negotiated (§5.1.6.5.7).
    private mutating func setOffloads(
        _ data: [UInt8], _ features: Features, _ effects: inout EffectList
    ) -> Bool {
        guard data.count == 8 else { return false }
        let wanted = Features(rawValue: data.little64(0))
        guard features.isSuperset(of: wanted), wanted.isSubset(of: .netGuestOffloads) else {
            return false
        }
        accepted = wanted.acceptedOffloads
        effects.append(.acceptOffloads(device: device, accepted))
        return true
    }
}
