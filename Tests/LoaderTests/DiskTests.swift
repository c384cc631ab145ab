import Bits
import Loader
import TestKit
import Testing

@Suite struct DiskSignTests {
    private func bytes(_ signs: [(Int, [UInt8])]) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: DiskSigns.byteCount + 64)
        for (offset, sign) in signs {
            bytes.replaceSubrange(offset..<offset + sign.count, with: sign)
        }
        return bytes
    }

    @Test func disksAreKnown() {
        for signs: [(Int, [UInt8])] in [
            [(510, [0x55, 0xaa])], [(512, Array("EFI PART".utf8))], [(0x8001, Array("CD001".utf8))],
            [(0, [0x51, 0x46, 0x49, 0xfb])], [(0x438, [0x53, 0xef])],
        ] {
            #expect(DiskSigns.match(bytes(signs)), "\(signs)")
        }
    }

    @Test func kernelsAreNoDisks() {
        #expect(!DiskSigns.match([]))
        #expect(!DiskSigns.match(bytes([])))
        #expect(!DiskSigns.match(Array("#!/bin/sh\n".utf8)))
        let mark: (Int, [UInt8]) = (510, [0x55, 0xaa])
        #expect(!DiskSigns.match(bytes([(0, [0x7f, 0x45, 0x4c, 0x46]), mark])))
        #expect(!DiskSigns.match(bytes([(0x38, Array("RSC\u{5}".utf8)), mark])))
    }

    @Test func anythingAtAllIsLookedAt() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<500 {
            let count = Int.random(in: 0..<2048, using: &random)
            _ = DiskSigns.match((0..<count).map { _ in UInt8.random(in: 0...255, using: &random) })
        }
    }
}
