import Devices
import Effects
import Ethernet
import GuestMemory

extension VirtioNet {
    /// Takes frames out of a transmit queue (§5.1.6.2). They are the back end's from here on, so the
    /// driver gets its buffers back at once.
    mutating func transmit(
        _ queue: Int, _ rings: inout Rings, _ memory: GuestMemory, _ effects: inout EffectList
    ) {
        var batch = FrameBatch()
        var taken = 0
        while true {
            guard underWay + batch.bytes.count < Self.underWayLimit else {
                isStalled = true
                break
            }
            guard let chain = rings.take(queue, memory, &effects) else { break }
            let headerCount = rings.features.frameHeaderCount
            guard chain.readableCount >= UInt64(headerCount) else {
                rings.fail(&effects)
                break
            }
            append(chain, headerCount, rings.features, memory, &batch)
            rings.fill(queue, chain, written: 0, memory, &effects)
            taken += 1
            if batch.bytes.count >= Self.batchBytes { hand(&batch, queue, &effects) }
        }
        hand(&batch, queue, &effects)
        guard taken > 0 else { return }
        rings.publish(queue, memory, &effects)
        rings.announce(queue, memory, &effects)
    }

    private mutating func hand(
        _ batch: inout FrameBatch, _ queue: Int, _ effects: inout EffectList
    ) {
        guard !batch.isEmpty else { return }
        underWay += batch.bytes.count
        remember(batch, pair: queue / 2)
        effects.append(.transmit(device: device, batch))
        batch = FrameBatch()
    }

    /// A frame that is too short, too long or whose header says what was not negotiated goes nowhere.
    private func append(
        _ chain: DescriptorChain, _ headerCount: Int, _ features: Features, _ memory: GuestMemory,
        _ batch: inout FrameBatch
    ) {
        let padding = FrameHeader.byteCount - headerCount
        let count = chain.readableCount + UInt64(padding)
        guard count >= UInt64(FrameBatch.smallestFrame), count <= UInt64(FrameBatch.largestFrame)
        else { return }
        let offloads = features.hostOffloads
        batch.append { bytes in
            let start = bytes.count
            let needed = start + Int(count)
            if bytes.capacity < needed { bytes.reserveCapacity(max(needed, bytes.capacity * 2)) }
            let parts = BufferList(ranges: chain.readable)
            guard parts.append(to: &bytes, memory) else { return false }
            if padding > 0 {
                bytes.insert(contentsOf: [0, 0], at: start + headerCount)
            }
            let end = start + FrameHeader.byteCount
            guard var header = FrameHeader(bytes[start..<end]),
                Self.isSensible(header, frameCount: bytes.count - end, offloads)
            else { return false }
            // Flags for the other direction mean nothing here (§5.1.6.2.1).
            header.flags.formIntersection(.needsChecksum)
            header.bufferCount = 0
            bytes.replaceSubrange(start..<end, with: header.bytes)
            return true
        }
    }

    /// Whether a header asks for what was negotiated, of a frame that can have it (§5.1.6.2.1).
    static func isSensible(
        _ header: FrameHeader, frameCount: Int, _ offloads: FrameOffloads
    ) -> Bool {
        let asksForSum = header.flags.contains(.needsChecksum)
        if asksForSum, !offloads.contains(.checksum) || !header.fits(frameCount: frameCount) {
            return false
        }
        if header.hasCongestion, !offloads.contains(.tcpCongestion) { return false }
        let needed: FrameOffloads
        switch header.segments {
        case .none: return true
        case .tcp4: needed = .tcp4
        case .tcp6: needed = .tcp6
        case .udp: needed = .udp4
        case .udpFragments: return false
        }
        return asksForSum && header.segmentCount > 0 && offloads.contains(needed)
    }

    /// Frames of the same connection are to come back on the same pair (§5.1.6.5.6).
    private mutating func remember(_ batch: FrameBatch, pair: Int) {
        guard activePairs > 1 else { return }
        if steering.isEmpty { steering = [UInt8](repeating: 0, count: 256) }
        for index in 0..<batch.count {
            let whole = batch.range(index)
            let frame = whole.lowerBound + FrameHeader.byteCount..<whole.upperBound
            guard let layout = FrameLayout(batch.bytes, frame) else { continue }
            steering[Int(layout.flow(batch.bytes, frame))] = UInt8(truncatingIfNeeded: pair)
        }
    }
}
