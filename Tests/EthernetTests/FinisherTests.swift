import Effects
import Ethernet
import TestKit
import Testing

@Suite struct FinisherTests {
    /// The bytes of each frame, without its header.
    static func finish(_ sample: Sample, _ accepted: FrameOffloads = []) -> [[UInt8]] {
        frames(finished(sample.batch, accepted))
    }
    static func finished(_ batch: FrameBatch, _ accepted: FrameOffloads = []) -> FrameBatch {
        var finished = FrameBatch()
        FrameFinisher(accepted: accepted).finish(batch, 0, into: &finished)
        return finished
    }
    static func frames(_ batch: FrameBatch) -> [[UInt8]] {
        (0..<batch.count).map {
            Array(batch.bytes[batch.range($0).dropFirst(FrameHeader.byteCount)])
        }
    }

    private func check(_ frame: [UInt8], _ sample: Sample) {
        let transport = Array(frame[sample.transportStart...])
        let pseudo = sample.addresses + Sample.big(sample.isTCP ? 6 : 17, 2)
        #expect(Model.isRight(pseudo, Sample.big(transport.count, 4), transport))
        if sample.isIPv6 {
            #expect(Int(frame.big16(sample.networkStart + 4)) == transport.count)
        } else {
            let header = Array(frame[sample.networkStart..<sample.transportStart])
            #expect(Model.isRight(header))
            #expect(Int(frame.big16(sample.networkStart + 2)) == header.count + transport.count)
        }
        if !sample.isTCP { #expect(Int(transport.big16(4)) == transport.count) }
    }

    @Test(arguments: [0, 1, 2, 15, 16, 17, 1459, 1460], [false, true])
    func aChecksumIsCompleted(_ payload: Int, _ isTCP: Bool) {
        for isIPv6 in [false, true] {
            let sample = Sample(isIPv6: isIPv6, isTCP: isTCP, payload: payload, segment: 0)
            // The IPv4 header's own sum is never left to others.
            var frame = sample.frame
            if !isIPv6 {
                frame.putBig(UInt16(0xffff - Model.fold(Model.sum(Array(frame[14..<34])))), at: 24)
            }
            var batch = FrameBatch()
            batch.append(frame[...], sample.header)
            let out = Self.frames(Self.finished(batch))
            #expect(out.count == 1)
            check(out[0], sample)
            #expect(out[0].count == frame.count)
        }
    }

    @Test(arguments: [false, true], [false, true])
    func aLargeFrameIsCut(_ isTCP: Bool, _ isIPv6: Bool) {
        for (payload, segment) in [(1, 100), (100, 100), (101, 100), (64_000, 1448), (3000, 1)] {
            guard payload / segment < 2000 else { continue }
            for tag in [nil, 5] as [UInt16?] {
                let sample = Sample(
                    isIPv6: isIPv6, isTCP: isTCP, tag: tag, networkOptions: isIPv6 ? 0 : 1,
                    payload: payload, segment: segment)
                let out = Self.finish(sample)
                #expect(out.count == (payload + segment - 1) / segment)
                for frame in out { check(frame, sample) }
                let whole = sample.frame
                #expect(
                    out.flatMap { $0[sample.headerCount...] } == Array(whole[sample.headerCount...])
                )
                guard isTCP else { continue }
                for (index, frame) in out.enumerated() {
                    #expect(
                        frame.big32(sample.transportStart + 4)
                            == 0xffff_ff00 &+ UInt32(index * segment))
                }
            }
        }
    }

    @Test func flagsGoWhereTheyBelong() {
        // CWR, PSH, ACK and FIN.
        let sample = Sample(payload: 3000, segment: 1000, flags: 0x99)
        let flags = Self.finish(sample).map { $0[sample.transportStart + 13] }
        #expect(flags == [0x90, 0x10, 0x19])
        let numbers = Self.finish(sample).map { $0.big16(sample.networkStart + 4) }
        #expect(numbers == [0xffff, 0, 1])
    }

    @Test func whatTheReceiverTakesGoesAsItIs() {
        let sample = Sample(payload: 3000, segment: 1000)
        #expect(Self.finished(sample.batch, [.checksum, .tcp4]) == sample.batch)
        #expect(Self.finished(sample.batch, [.checksum, .tcp6]).count == 3)
        var congested = sample.header
        congested.hasCongestion = true
        var batch = FrameBatch()
        batch.append(sample.frame[...], congested)
        #expect(Self.finished(batch, [.checksum, .tcp4]).count == 3)
        #expect(Self.finished(batch, [.checksum, .tcp4, .tcpCongestion]) == batch)
        // Who takes unfinished checksums is told that these are right.
        let cut = Self.finished(sample.batch, .checksum)
        #expect(FrameHeader(cut.bytes[cut.range(0)])?.flags == .checksumIsValid)
    }

    /// No header that a guest makes up leads anywhere but to frames or to none.
    @Test func headersWithoutSenseHarmNothing() {
        var random = SeededNumbers(seed: 1)
        for _ in 0..<20_000 {
            let sample = Sample(
                isIPv6: .random(using: &random), isTCP: .random(using: &random),
                payload: .random(in: 0...200, using: &random), segment: 50)
            var frame = sample.frame
            var bytes = sample.header.bytes
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                bytes[Int.random(in: 0..<12, using: &random)] = .random(in: 0...255, using: &random)
            }
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                frame[Int.random(in: 12..<42, using: &random)] = .random(
                    in: 0...255, using: &random)
            }
            if Bool.random(using: &random) {
                frame.removeLast(Int.random(in: 0...frame.count, using: &random))
            }
            var batch = FrameBatch(bytes: bytes + frame, ends: [12 + frame.count])
            batch = Self.finished(batch, Bool.random(using: &random) ? [] : .checksum)
            for index in 0..<batch.count {
                #expect(batch.range(index).count >= FrameBatch.smallestFrame)
            }
        }
    }
}

@Suite struct LayoutTests {
    @Test func bothDirectionsAreOneFlow() {
        let sample = Sample(payload: 10, segment: 0)
        var back = sample.frame
        back.replaceSubrange(26..<34, with: Sample.destination + Sample.source)
        back.replaceSubrange(34..<38, with: [0x56, 0x78, 0x12, 0x34])
        let flows = [sample.frame, back].map { frame in
            FrameLayout(frame, 0..<frame.count)?.flow(frame, 0..<frame.count)
        }
        #expect(flows[0] != nil && flows[0] == flows[1])
    }

    @Test func tagsAreSeen() {
        let frame = Sample(tag: 0x1005, payload: 10, segment: 0).frame
        let layout = FrameLayout(frame, 0..<frame.count)
        #expect(layout?.vlan == 5 && layout?.network == .ip4)
        #expect(FrameLayout(frame, 0..<13) == nil)
        #expect(FrameLayout(frame, 0..<20)?.network == .other)
    }
}
