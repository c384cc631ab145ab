/// Reads a flattened device tree. The initialiser checks the whole blob, so that what a reader
/// returns afterwards never lies outside it.
package struct FDTReader: Sendable {
    struct Node: Sendable {
        var name: Range<Int>
        var parent: Int
        /// Indices into `properties`.
        var properties: Range<Int>
        /// The index of the first node behind this one's children.
        var next: Int
    }
    struct Property: Sendable {
        var name: Range<Int>
        var value: Range<Int>
    }

    let blob: [UInt8]
    /// In the blob's order: a node comes before its children.
    private(set) var nodes: [Node] = []
    private(set) var properties: [Property] = []
    package private(set) var reservations: [FDTRange] = []
    package let bootHart: UInt32
    /// The size the blob says it has, at most the size of what was given.
    package let totalSize: Int

    /// Trees in the field are five deep; a deeper one than this is garbage.
    private static let deepest = 64

    package init(_ bytes: [UInt8]) throws(FDTError) {
        blob = bytes
        guard bytes.count >= FDTHeader.count else {
            throw FDTError("shorter than the header of a device tree", at: bytes.count)
        }
        guard bytes.bigEndian32(at: 0) == FDTHeader.magic else {
            throw FDTError("not a device tree: the magic number is missing", at: 0)
        }
        let version = bytes.bigEndian32(at: 20)
        guard version >= 16, bytes.bigEndian32(at: 24) <= FDTHeader.version else {
            throw FDTError("a version of the device tree format other than 16 and 17", at: 20)
        }
        totalSize = Int(bytes.bigEndian32(at: 4))
        guard totalSize >= FDTHeader.count, totalSize <= bytes.count else {
            throw FDTError("the total size is not that of the blob", at: 4)
        }
        bootHart = bytes.bigEndian32(at: 28)
        let structureStart = Int(bytes.bigEndian32(at: 8))
        let stringsStart = Int(bytes.bigEndian32(at: 12))
        let stringsCount = Int(bytes.bigEndian32(at: 32))
        // Version 16 does not say how long the structure block is.
        let structureCount =
            version == 16 ? totalSize - structureStart : Int(bytes.bigEndian32(at: 36))
        guard structureStart % 4 == 0, structureStart <= totalSize, structureCount >= 0,
            structureCount <= totalSize - structureStart
        else { throw FDTError("the structure block does not lie in the blob", at: 8) }
        guard stringsStart <= totalSize, stringsCount <= totalSize - stringsStart else {
            throw FDTError("the strings block does not lie in the blob", at: 12)
        }
        try readReservations(from: Int(bytes.bigEndian32(at: 16)))
        try readStructure(
            structureStart..<structureStart + structureCount,
            strings: stringsStart..<stringsStart + stringsCount)
    }

    private mutating func readReservations(from start: Int) throws(FDTError) {
        guard start % 8 == 0 else { throw FDTError("misaligned reservations", at: 16) }
        var offset = start
        while offset <= totalSize - 16 {
            let range = FDTRange(
                address: blob.bigEndian64(at: offset), size: blob.bigEndian64(at: offset + 8))
            if range.address == 0 && range.size == 0 { return }
            reservations.append(range)
            offset += 16
        }
        throw FDTError("the list of reservations has no end", at: start)
    }

    private mutating func readStructure(
        _ block: Range<Int>, strings: Range<Int>
    ) throws(FDTError) {
        var open: [Int] = []
        var offset = block.lowerBound
        while offset <= block.upperBound - 4 {
            let token = blob.bigEndian32(at: offset)
            let at = offset
            offset += 4
            switch token {
            case FDTToken.nop: continue
            case FDTToken.beginNode:
                guard open.count < Self.deepest else { throw FDTError("too deep", at: at) }
                guard !open.isEmpty || nodes.isEmpty else {
                    throw FDTError("a second root", at: at)
                }
                let name = try terminated(from: offset, in: block)
                let first = properties.count
                let node = Node(
                    name: name, parent: open.last ?? 0, properties: first..<first, next: 0)
                open.append(nodes.count)
                nodes.append(node)
                offset = Self.aligned(name.upperBound + 1)
            case FDTToken.endNode:
                guard let index = open.popLast() else {
                    throw FDTError("the end of a node that was not begun", at: at)
                }
                nodes[index].next = nodes.count
            case FDTToken.property:
                guard let index = open.last, index == nodes.count - 1 else {
                    throw FDTError("a property outside a node or behind its children", at: at)
                }
                offset = try readProperty(at: offset, in: block, strings: strings)
                let first = nodes[index].properties.lowerBound
                nodes[index].properties = first..<properties.count
            case FDTToken.end:
                guard open.isEmpty, !nodes.isEmpty else {
                    throw FDTError("the end inside a node", at: at)
                }
                return
            default: throw FDTError("an unknown token", at: at)
            }
        }
        throw FDTError("the structure block has no end", at: offset)
    }

    /// Returns the offset of the token behind the property.
    private mutating func readProperty(
        at offset: Int, in block: Range<Int>, strings: Range<Int>
    ) throws(FDTError) -> Int {
        guard offset <= block.upperBound - 8 else { throw FDTError("a cut property", at: offset) }
        let count = Int(blob.bigEndian32(at: offset))
        let nameOffset = Int(blob.bigEndian32(at: offset + 4))
        let start = offset + 8
        guard count <= block.upperBound - start else {
            throw FDTError("a property longer than the structure block", at: offset)
        }
        guard nameOffset < strings.count else {
            throw FDTError("a property's name outside the strings block", at: offset + 4)
        }
        let name = try terminated(from: strings.lowerBound + nameOffset, in: strings)
        properties.append(Property(name: name, value: start..<start + count))
        return Self.aligned(start + count)
    }

    private func terminated(from start: Int, in block: Range<Int>) throws(FDTError) -> Range<Int> {
        var end = start
        while end < block.upperBound {
            if blob[end] == 0 { return start..<end }
            end += 1
        }
        throw FDTError("a name without its terminating zero", at: start)
    }

    private static func aligned(_ offset: Int) -> Int { (offset + 3) & ~3 }
}

extension [UInt8] {
    func bigEndian32(at offset: Int) -> UInt32 {
        UInt32(self[offset]) << 24 | UInt32(self[offset + 1]) << 16
            | UInt32(self[offset + 2]) << 8 | UInt32(self[offset + 3])
    }

    func bigEndian64(at offset: Int) -> UInt64 {
        UInt64(bigEndian32(at: offset)) << 32 | UInt64(bigEndian32(at: offset + 4))
    }
}
