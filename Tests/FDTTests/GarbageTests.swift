import FDT
import Testing

/// xorshift64*, so that a failing case can be found again.
private struct Generator {
    var state: UInt64
    mutating func next(below bound: Int) -> Int {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return Int((state &* 0x2545_f491_4f6c_dd1d) >> 33) % bound
    }
}

/// Walks all that a reader offers; returns how many properties it saw.
private func walk(_ tree: FDTReader) -> Int {
    var count = 0
    for node in tree.allNodes {
        _ = (node.name.string, node.reg, node.isEnabled, node.phandle, node.parent?.name)
        for property in node.properties {
            _ = (property.u32, property.u64, property.cells, property.strings, property.bytes)
            count += property.name.bytes.count > 0 ? 1 : 0
        }
        _ = node.children.map { $0.name.string }
    }
    _ = tree.node(at: "/soc/serial@10000000")
    _ = tree.node(at: "serial0")
    _ = tree.nodes(compatibleWith: "ns16550a")
    return count
}

@Suite struct GarbageTests {
    @Test func everyTruncationIsRefused() {
        let blob = sampleTree()
        for count in 0..<blob.count {
            #expect(throws: FDTError.self) { try FDTReader(Array(blob[..<count])) }
        }
    }

    /// A longer buffer than the tree is no fault: firmware reserves room.
    @Test func trailingBytesAreIgnored() throws {
        let blob = sampleTree()
        let tree = try FDTReader(blob + [UInt8](repeating: 0xff, count: 100))
        #expect(tree.totalSize == blob.count)
        #expect(walk(tree) == walk(try FDTReader(blob)))
    }

    @Test func everyWordReplaced() {
        let blob = sampleTree()
        var refused = 0
        for at in stride(from: 0, to: blob.count - 3, by: 4) {
            for word: [UInt8] in [
                [0, 0, 0, 0], [0xff, 0xff, 0xff, 0xff], [0x7f, 0xff, 0xff, 0xff], [0, 0, 0, 1],
                [0, 0, 0, 2], [0, 0, 0, 3], [0, 0, 0, 9], [0x80, 0, 0, 0], [0, 0, 4, 0],
            ] {
                var mutated = blob
                mutated.replaceSubrange(at..<at + 4, with: word)
                if let tree = try? FDTReader(mutated) { _ = walk(tree) } else { refused += 1 }
            }
        }
        #expect(refused > 500)
    }

    @Test func randomMutations() {
        let blob = sampleTree()
        var generator = Generator(state: 0x9e37_79b9_7f4a_7c15)
        var outcomes = (read: 0, refused: 0)
        for _ in 0..<20_000 {
            var mutated = blob
            for _ in 0...generator.next(below: 8) {
                mutated[generator.next(below: blob.count)] = UInt8(generator.next(below: 256))
            }
            if let tree = try? FDTReader(mutated) {
                _ = walk(tree)
                outcomes.read += 1
            } else {
                outcomes.refused += 1
            }
        }
        #expect(outcomes.read > 1000 && outcomes.refused > 1000)
    }

    @Test func namedRefusals() {
        func reason(_ change: (inout [UInt8]) -> Void) -> String? {
            var blob = sampleTree()
            change(&blob)
            do throws(FDTError) {
                _ = try FDTReader(blob)
                return nil
            } catch {
                return "\(error.reason)"
            }
        }
        #expect(reason { $0[0] = 0 } == "not a device tree: the magic number is missing")
        #expect(reason { $0[23] = 3 }?.hasPrefix("a version") == true)
        #expect(reason { $0[27] = 18 }?.hasPrefix("a version") == true)
        #expect(reason { $0[4] = 1 } == "the total size is not that of the blob")
        #expect(reason { $0[11] += 2 } == "the structure block does not lie in the blob")
        #expect(reason { $0[12] = 1 } == "the strings block does not lie in the blob")
        #expect(reason { $0[19] = 44 } == "misaligned reservations")
        #expect(reason { $0[39] -= 4 } == "the structure block has no end")
    }

    @Test func depthIsBounded() {
        var deep = FDTBuilder()
        for _ in 0..<100 { deep.begin("n") }
        for _ in 0..<100 { deep.end() }
        let blob = deep.finish()
        #expect(throws: FDTError.self) { try FDTReader(blob) }
    }

    /// Version 16 has no size of the structure block, and NOPs may stand between tokens.
    @Test func version16WithNops() throws {
        let words: [UInt32] = [
            0xd00d_feed, 84, 56, 80, 40, 16, 16, 0, 4, 0, 0, 0, 0, 0,
            4, 1, 0, 4, 2, 9, 0x6100_0000,
        ]
        var bytes: [UInt8] = []
        for word in words {
            for shift in [24, 16, 8, 0] { bytes.append(UInt8((word >> UInt32(shift)) & 0xff)) }
        }
        #expect(try FDTReader(bytes).allNodes.map { $0.name.string } == [""])
    }
}
