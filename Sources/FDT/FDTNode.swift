/// A node of a tree that was read.
package struct FDTNode: Sendable {
    let reader: FDTReader
    let index: Int

    /// The name with its unit address; the root's is empty.
    package var name: FDTBytes { FDTBytes(bytes: reader.blob[reader.nodes[index].name]) }
    package var parent: FDTNode? {
        index == 0 ? nil : FDTNode(reader: reader, index: reader.nodes[index].parent)
    }

    package var children: FDTChildren {
        FDTChildren(reader: reader, index: index + 1, end: reader.nodes[index].next)
    }
    package var properties: FDTProperties {
        FDTProperties(reader: reader, range: reader.nodes[index].properties)
    }

    package func property(_ name: String) -> FDTProperty? {
        for index in reader.nodes[index].properties {
            let property = FDTProperty(reader: reader, index: index)
            if property.name.equals(name) { return property }
        }
        return nil
    }

    /// The first child of this name; without a unit address in `name` any one matches.
    package func child(_ name: String) -> FDTNode? { child(name.utf8) }

    func child(_ name: some Collection<UInt8>) -> FDTNode? {
        let hasUnit = name.contains(UInt8(ascii: "@"))
        for child in children {
            let own = hasUnit ? child.name.bytes : child.name.withoutUnit
            if own.elementsEqual(name) { return child }
        }
        return nil
    }

    package func isCompatible(with name: String) -> Bool {
        property("compatible")?.strings.contains { $0.equals(name) } ?? false
    }

    /// Whether the node may be used: `status` is absent, "okay" or "ok" (specification, 2.3.4).
    package var isEnabled: Bool {
        guard let status = property("status")?.string else { return true }
        return status.equals("okay") || status.equals("ok")
    }

    package var phandle: FDTPhandle? { property("phandle")?.u32.map { FDTPhandle($0) } }

    /// The entries of `reg`, cut by the parent's `#address-cells` and `#size-cells` (2 and 1 when
    /// absent: specification, 2.3.5). Of an address wider than 64 bits the low 64 are kept.
    package var reg: [FDTRange] {
        guard let parent, let property = property("reg") else { return [] }
        let addressCells = Int(parent.property("#address-cells")?.u32 ?? 2)
        let sizeCells = Int(parent.property("#size-cells")?.u32 ?? 1)
        guard (1...4).contains(addressCells), (0...4).contains(sizeCells) else { return [] }
        let cells = property.cells
        let step = addressCells + sizeCells
        var ranges: [FDTRange] = []
        var at = 0
        while at + step <= cells.count {
            ranges.append(
                FDTRange(
                    address: Self.joined(cells[at..<at + addressCells]),
                    size: Self.joined(cells[at + addressCells..<at + step])))
            at += step
        }
        return ranges
    }

    private static func joined(_ cells: ArraySlice<UInt32>) -> UInt64 {
        var value: UInt64 = 0
        for cell in cells { value = value << 32 | UInt64(cell) }
        return value
    }
}

/// A property of a node that was read.
package struct FDTProperty: Sendable {
    let reader: FDTReader
    let index: Int

    package var name: FDTBytes { FDTBytes(bytes: reader.blob[reader.properties[index].name]) }
    package var bytes: ArraySlice<UInt8> { reader.blob[reader.properties[index].value] }
    private var value: Range<Int> { reader.properties[index].value }

    package var u32: UInt32? {
        value.count == 4 ? reader.blob.bigEndian32(at: value.lowerBound) : nil
    }
    package var u64: UInt64? {
        value.count == 8 ? reader.blob.bigEndian64(at: value.lowerBound) : nil
    }
    /// The value as big-endian words; bytes beyond the last whole word are left out.
    package var cells: [UInt32] {
        var cells: [UInt32] = []
        var at = value.lowerBound
        while at + 4 <= value.upperBound {
            cells.append(reader.blob.bigEndian32(at: at))
            at += 4
        }
        return cells
    }
    /// The value as one string: what stands before its first zero.
    package var string: FDTBytes? { strings.first }
    /// The value as a list of strings; a last one without its zero counts too.
    package var strings: [FDTBytes] {
        var list: [FDTBytes] = []
        var start = value.lowerBound
        for at in value where reader.blob[at] == 0 {
            list.append(FDTBytes(bytes: reader.blob[start..<at]))
            start = at + 1
        }
        if start < value.upperBound {
            list.append(FDTBytes(bytes: reader.blob[start..<value.upperBound]))
        }
        return list
    }
}

/// Text in a blob: bytes, because comparing `String`s brings Unicode's tables into a guest.
package struct FDTBytes: Sendable {
    package let bytes: ArraySlice<UInt8>
    package func equals(_ text: String) -> Bool { bytes.elementsEqual(text.utf8) }
    package var string: String { String(decoding: bytes, as: UTF8.self) }
    /// A node's name without its unit address.
    package var withoutUnit: ArraySlice<UInt8> { bytes.prefix { $0 != UInt8(ascii: "@") } }
}

package struct FDTChildren: Sequence, IteratorProtocol, Sendable {
    let reader: FDTReader
    var index: Int
    let end: Int
    package mutating func next() -> FDTNode? {
        guard index < end else { return nil }
        defer { index = reader.nodes[index].next }
        return FDTNode(reader: reader, index: index)
    }
}

package struct FDTProperties: Sequence, IteratorProtocol, Sendable {
    let reader: FDTReader
    var range: Range<Int>
    package mutating func next() -> FDTProperty? {
        guard let index = range.first else { return nil }
        range = index + 1..<range.upperBound
        return FDTProperty(reader: reader, index: index)
    }
}
