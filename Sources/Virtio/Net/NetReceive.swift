import Bits
import Devices
import Effects
import Ethernet
import GuestMemory

extension VirtioNet {
    private enum Outcome { case placed, dropped, noBuffers }

    /// Places frames that have arrived into the guest's buffers, as far as there are any (§5.1.6.4).
    mutating func receive(
        _ rings: inout Rings, _ memory: GuestMemory, _ effects: inout EffectList
    ) {
        if !rings.isLive { forget() }
        /// Bit by bit, the queues that got something.
        var touched: UInt64 = 0
        placing: while let batch = waiting.first {
            while nextFrame < batch.count {
                let (outcome, queue) = place(batch, nextFrame, &rings, memory, &effects)
                if outcome == .noBuffers { break placing }
                if outcome == .placed { touched |= 1 << UInt64(queue) }
                owed += batch.range(nextFrame).count
                nextFrame += 1
            }
            waiting.removeFirst()
            nextFrame = 0
        }
        for queue in rings.queues.indices where touched >> UInt64(queue) & 1 != 0 {
            rings.publish(queue, memory, &effects)
            rings.announce(queue, memory, &effects)
        }
        guard owed > 0 else { return }
        effects.append(.framesTaken(device: device, bytes: owed))
        owed = 0
    }

    private mutating func place(
        _ batch: FrameBatch, _ index: Int, _ rings: inout Rings, _ memory: GuestMemory,
        _ effects: inout EffectList
    ) -> (Outcome, queue: Int) {
        let whole = batch.range(index)
        let frame = whole.lowerBound + FrameHeader.byteCount..<whole.upperBound
        guard whole.count >= FrameBatch.smallestFrame, linkIsUp, rings.isLive,
            let layout = FrameLayout(batch.bytes, frame),
            filter.takes(
                MACAddress(batch.bytes, at: frame.lowerBound), vlan: layout.vlan,
                filtersVLANs: rings.features.contains(.netControlVLAN)),
            var header = FrameHeader(batch.bytes[whole])
        else { return (.dropped, 0) }
        let queue = receiveQueue(batch.bytes, frame, layout)
        guard Self.isSensible(header, frameCount: frame.count, .all),
            header.segments == .none
                || FrameFinisher(accepted: accepted).takes(header, layout)
        else { return (.dropped, queue) }
        let needed = UInt64(rings.features.frameHeaderCount + frame.count)
        let isMergeable = rings.features.contains(.netMergeable)
        guard
            let chains = take(
                needed, queue, isMergeable: isMergeable, &rings, memory, &effects)
        else { return (.noBuffers, queue) }
        guard !chains.isEmpty else { return (.dropped, queue) }
        header.bufferCount = UInt16(truncatingIfNeeded: chains.count)
        var scatterer = FrameScatterer(chains)
        if header.flags.contains(.needsChecksum), !accepted.contains(.checksum) {
            var copy = Array(batch.bytes[frame])
            copy.completeChecksum(of: 0..<copy.count, header)
            header.flags = []
            scatterer.write(
                header.bytes.prefix(rings.features.frameHeaderCount), memory, &effects)
            scatterer.write(copy[...], memory, &effects)
        } else {
            if !accepted.contains(.checksum) { header.flags = [] }
            scatterer.write(
                header.bytes.prefix(rings.features.frameHeaderCount), memory, &effects)
            scatterer.write(batch.bytes[frame], memory, &effects)
        }
        for (chain, written) in zip(chains, scatterer.written) {
            rings.fill(queue, chain, written: written, memory, &effects)
        }
        return (.placed, queue)
    }

    private func receiveQueue(
        _ bytes: [UInt8], _ frame: Range<Int>, _ layout: FrameLayout
    ) -> Int {
        guard activePairs > 1, !steering.isEmpty else { return 0 }
        let pair = Int(steering[Int(layout.flow(bytes, frame))])
        return pair < activePairs ? pair * 2 : 0
    }

    /// Buffers for so many bytes. Nil: there are not enough now. Empty: the driver's buffers never
    /// will be enough.
    private func take(
        _ needed: UInt64, _ queue: Int, isMergeable: Bool, _ rings: inout Rings,
        _ memory: GuestMemory, _ effects: inout EffectList
    ) -> [DescriptorChain]? {
        var chains: [DescriptorChain] = []
        var room: UInt64 = 0
        while room < needed {
            guard let chain = rings.take(queue, memory, &effects) else { break }
            chains.append(chain)
            guard chain.writableCount > 0 else {
                rings.fail(&effects)
                return []
            }
            room += chain.writableCount
            if !isMergeable { break }
        }
        if room >= needed { return chains }
        guard rings.isLive else { return [] }
        let isHopeless =
            !chains.isEmpty && (!isMergeable || chains.count == Int(rings.queues[queue].size))
        for _ in chains { rings.queues[queue].untake() }
        return isHopeless ? [] : nil
    }
}

/// Writes bytes into the buffers of several chains, one after the other.
private struct FrameScatterer {
    private let chains: [DescriptorChain]
    private var chain = 0
    private var range = 0
    private var offset: UInt64 = 0
    /// Bytes in each chain.
    private(set) var written: [UInt64]

    init(_ chains: [DescriptorChain]) {
        self.chains = chains
        written = [UInt64](repeating: 0, count: chains.count)
    }

    /// There is room for all of it.
    mutating func write(
        _ bytes: ArraySlice<UInt8>, _ memory: GuestMemory, _ effects: inout EffectList
    ) {
        var rest = bytes
        while !rest.isEmpty, chain < chains.count {
            guard range < chains[chain].writable.count else {
                chain += 1
                range = 0
                continue
            }
            let buffer = chains[chain].writable[range]
            let count = min(buffer.count - offset, UInt64(rest.count))
            let part = rest.prefix(Int(count))
            let place = GuestRange(start: buffer.start + offset, count: count)
            if memory.write(place.start, part) { effects.append(.wrote(place)) }
            written[chain] += count
            rest = rest.dropFirst(part.count)
            offset += count
            if offset == buffer.count {
                range += 1
                offset = 0
            }
        }
    }
}
