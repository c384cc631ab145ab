import Effects

extension [UInt8] {
    /// Completes a checksum that holds the sum of the pseudo-header so far. The header fits the frame.
    package mutating func completeChecksum(of frame: Range<Int>, _ header: FrameHeader) {
        guard header.flags.contains(.needsChecksum), header.fits(frameCount: frame.count) else {
            return
        }
        let start = frame.lowerBound + Int(header.checksumStart)
        var sum = InternetSum()
        sum.add(self[start..<frame.upperBound])
        let checksum = sum.checksum
        // Zero means "none" to UDP (RFC 768), and 0xffff is the same number.
        putBig(checksum == 0 ? 0xffff : checksum, at: start + Int(header.checksumOffset))
    }
}

/// Makes finished frames of those whose checksums or segments were left to us: for links that take
/// nothing else.
package struct FrameFinisher {
    /// What the receiver takes over; the rest is done here.
    package var accepted: FrameOffloads

    package init(accepted: FrameOffloads) { self.accepted = accepted }

    /// Whether a frame can go as it is.
    package func takes(_ header: FrameHeader, _ layout: FrameLayout?) -> Bool {
        let needed: FrameOffloads
        switch header.segments {
        case .none: needed = header.flags.contains(.needsChecksum) ? .checksum : []
        case .tcp4: needed = header.hasCongestion ? [.tcp4, .tcpCongestion] : .tcp4
        case .tcp6: needed = header.hasCongestion ? [.tcp6, .tcpCongestion] : .tcp6
        case .udp: needed = layout?.network == .ip6 ? .udp6 : .udp4
        case .udpFragments: return false
        }
        return accepted.isSuperset(of: needed)
    }

    /// Appends the frames that one frame of `batch` becomes; none if its headers make no sense.
    package func finish(_ batch: FrameBatch, _ index: Int, into finished: inout FrameBatch) {
        let whole = batch.range(index)
        guard whole.count >= FrameBatch.smallestFrame,
            var header = FrameHeader(batch.bytes[whole])
        else { return }
        let frame = whole.lowerBound + FrameHeader.byteCount..<whole.upperBound
        let layout = FrameLayout(batch.bytes, frame)
        guard header.fits(frameCount: frame.count) else { return }
        if takes(header, layout) {
            finished.append(batch.bytes[frame], header)
        } else if header.segments == .none {
            let start = finished.bytes.count + FrameHeader.byteCount
            let asked = header
            header.flags = accepted.contains(.checksum) ? .checksumIsValid : []
            (header.checksumStart, header.checksumOffset) = (0, 0)
            finished.append { bytes in
                bytes.append(contentsOf: header.bytes)
                bytes.append(contentsOf: batch.bytes[frame])
                bytes.completeChecksum(of: start..<bytes.count, asked)
                return true
            }
        } else if let layout, let cutter = SegmentCutter(batch.bytes, frame, header, layout) {
            cutter.cut(batch.bytes, into: &finished, isKnownGood: accepted.contains(.checksum))
        }
    }
}
