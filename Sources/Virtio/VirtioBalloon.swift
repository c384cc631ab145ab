import Bits
import Devices
import Effects
import GuestMemory

/// A memory balloon (virtio 1.2 §5.5): pages that the driver puts in, and free pages that it reports,
/// go back to the host at once.
package struct VirtioBalloon: DeviceModel {
    var id: UInt32 { 5 }
    var queueSizes: [UInt16] { [128, 128, 8, 128, 128] }
    static let pageBytes: UInt64 = 4096
    /// Of one request so many page numbers are looked at; Linux sends 256.
    static let pageNumberLimit: UInt64 = 1 << 16

    /// Number of the slot.
    let device: Int
    private let ramPages: UInt32
    /// How many pages the driver is asked to have in the balloon (`num_pages`), and how many it says
    /// are there (`actual`).
    private(set) var wantedPages: UInt32 = 0
    private(set) var heldPages: UInt32 = 0
    /// What the driver fills free pages with (`poison_val`).
    private var poison: UInt32 = 0
    /// The buffer that goes back when statistics are asked for (§5.5.6.3).
    private var statisticsChain: DescriptorChain?
    private(set) var statistics = BalloonStatistics()
    /// Bytes that went back to the host so far.
    private(set) var releasedBytes: UInt64 = 0

    package init(device: Int, ramBytes: UInt64) {
        self.device = device
        ramPages = UInt32(clamping: ramBytes / Self.pageBytes)
    }

    private enum Bit {
        static let statistics: UInt64 = 1 << 1
        static let deflateOnOutOfMemory: UInt64 = 1 << 2
        static let pagePoison: UInt64 = 1 << 4
        static let reporting: UInt64 = 1 << 5
    }
    var features: Features {
        Features(
            rawValue: Bit.statistics | Bit.deflateOnOutOfMemory | Bit.pagePoison | Bit.reporting)
    }

    var configuration: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(little: UInt64(wantedPages), bytes: 4)
        bytes.append(little: UInt64(heldPages), bytes: 4)
        bytes.append(little: 0, bytes: 4)  // free_page_hint_cmd_id
        bytes.append(little: UInt64(poison), bytes: 4)
        return bytes
    }
    mutating func writeConfiguration(
        _ offset: UInt64, _ value: UInt64, _ effects: inout EffectList
    ) {
        switch offset {
        case 4: heldPages = min(UInt32(truncatingIfNeeded: value), ramPages)
        case 12: poison = UInt32(truncatingIfNeeded: value)
        default: break
        }
    }

    // MARK: Queues

    private enum Role { case inflate, deflate, statistics, reporting }

    /// The specification numbers queues whether they exist or not (§5.5.2), Linux numbers those that
    /// exist. Without free page hints, which are not offered, both are told apart.
    private static func role(_ queue: Int, _ features: Features) -> Role {
        switch queue {
        case 0: .inflate
        case 1: .deflate
        case 2 where features.rawValue & Bit.statistics != 0: .statistics
        default: .reporting
        }
    }

    mutating func serve(
        _ queue: Int, _ rings: inout Rings, _ memory: GuestMemory, _ effects: inout EffectList
    ) {
        let role = Self.role(queue, rings.features)
        while let chain = rings.take(queue, memory, &effects) {
            switch role {
            case .inflate: inflate(chain, memory, &effects)
            // The pages are there again when they are touched.
            case .deflate: break
            case .reporting: report(chain, rings.features, memory, &effects)
            case .statistics:
                statistics = BalloonStatistics(chain, memory)
                // One buffer is kept; the driver has no second one.
                let former = statisticsChain
                statisticsChain = chain
                guard let former else { continue }
                rings.complete(queue, former, written: 0, memory, &effects)
                continue
            }
            rings.complete(queue, chain, written: 0, memory, &effects)
        }
        rings.announce(queue, memory, &effects)
    }

    /// Page numbers, four bytes each (§5.5.6.1). Neighbours go back together.
    private mutating func inflate(
        _ chain: DescriptorChain, _ memory: GuestMemory, _ effects: inout EffectList
    ) {
        let count = min(chain.readableCount / 4, Self.pageNumberLimit)
        guard
            let bytes = BufferList(ranges: chain.readable).gather(
                memory, skipping: 0, count: count * 4)
        else { return }
        var pages = (0..<Int(count)).map { bytes.little32($0 * 4) }
        pages.sort()
        var index = 0
        while index < pages.count {
            let first = UInt64(pages[index])
            var last = first
            while index < pages.count, UInt64(pages[index]) <= last + 1 {
                last = UInt64(pages[index])
                index += 1
            }
            let run = GuestRange(
                start: GuestPhysical(first * Self.pageBytes),
                count: (last - first + 1) * Self.pageBytes)
            release(run, memory, &effects)
        }
    }

    /// Free memory, as the buffers themselves (§5.5.6.6). What the driver reads in it later must be
    /// its poison, where it has one (§5.5.6.6.2), and what comes back is zero.
    private mutating func report(
        _ chain: DescriptorChain, _ features: Features, _ memory: GuestMemory,
        _ effects: inout EffectList
    ) {
        guard features.rawValue & Bit.reporting != 0 else { return }
        if features.rawValue & Bit.pagePoison != 0 && poison != 0 { return }
        for range in chain.writable { release(range, memory, &effects) }
    }

    private mutating func release(
        _ range: GuestRange, _ memory: GuestMemory, _ effects: inout EffectList
    ) {
        for part in memory.discard(range) {
            releasedBytes &+= part.count
            effects.append(.wrote(part))
        }
    }

    // MARK: The outside

    mutating func deliver(
        _ event: Event, _ rings: inout Rings, _ memory: GuestMemory, _ effects: inout EffectList
    ) {
        switch event {
        case .memoryTarget(let bytes):
            let kept = UInt32(clamping: bytes / Self.pageBytes)
            let wanted = ramPages - min(kept, ramPages)
            guard wanted != wantedPages else { return }
            wantedPages = wanted
            rings.configurationChanged(&effects)
        case .memoryStatistics:
            guard let chain = statisticsChain else { return }
            statisticsChain = nil
            rings.complete(2, chain, written: 0, memory, &effects)
            rings.announce(2, memory, &effects)
        default: break
        }
    }

    mutating func forget() { statisticsChain = nil }
    /// The next driver starts with an empty balloon; the wish stays.
    mutating func reset() {
        forget()
        heldPages = 0
        poison = 0
    }
    mutating func resubmit(_ effects: inout EffectList) {}
}
