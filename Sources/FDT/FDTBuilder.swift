/// Builds a flattened device tree, version 17 (Devicetree Specification 0.4, chapter 5).
///
///     var tree = FDTBuilder()
///     tree.property("#address-cells", .u32(2))
///     tree.node("chosen") { $0.property("bootargs", .string("quiet")) }
///     let blob = tree.finish()
///
/// A new builder stands in the root node.
package struct FDTBuilder: Sendable {
    private var structure: [UInt8] = []
    private var strings: [UInt8] = []
    private var reservations: [FDTRange] = []
    private var nextPhandle: UInt32 = 1
    private var depth = 1
    /// Whether a child of the open node was closed: properties may not follow it.
    private var hasChild = false

    package init() {
        structure.appendBigEndian(FDTToken.beginNode)
        structure.appendBigEndian(0)
    }

    /// Memory the guest must leave alone.
    package mutating func reserve(address: UInt64, size: UInt64) {
        reservations.append(FDTRange(address: address, size: size))
    }

    /// A number no other node has; define it with `property("phandle", .phandle(…))`.
    package mutating func makePhandle() -> FDTPhandle {
        defer { nextPhandle += 1 }
        return FDTPhandle(nextPhandle)
    }

    package mutating func begin(_ name: String) {
        structure.appendBigEndian(FDTToken.beginNode)
        structure.appendTerminated(name)
        structure.pad(toMultipleOf: 4)
        depth += 1
        hasChild = false
    }

    package mutating func end() {
        precondition(depth > 1, "end() without begin(): the root is closed by finish()")
        structure.appendBigEndian(FDTToken.endNode)
        depth -= 1
        hasChild = true
    }

    package mutating func node(_ name: String, _ body: (inout FDTBuilder) -> Void) {
        begin(name)
        body(&self)
        end()
    }

    package mutating func property(_ name: String, _ value: FDTValue = .empty) {
        precondition(!hasChild, "a node's properties come before its children")
        let bytes = value.encoded
        structure.appendBigEndian(FDTToken.property)
        structure.appendBigEndian(UInt32(bytes.count))
        structure.appendBigEndian(offset(of: name))
        structure.append(contentsOf: bytes)
        structure.pad(toMultipleOf: 4)
    }

    /// Closes the root and returns the blob. `spareBytes` zeros follow the last block and count as part of
    /// it: room for whoever adds to the tree where it lies.
    package consuming func finish(bootHart: UInt32 = 0, spareBytes: Int = 0) -> [UInt8] {
        precondition(depth == 1, "a node is still open")
        structure.appendBigEndian(FDTToken.endNode)
        structure.appendBigEndian(FDTToken.end)
        let reservationsOffset = FDTHeader.count
        let structureOffset = reservationsOffset + 16 * (reservations.count + 1)
        let stringsOffset = structureOffset + structure.count
        var blob: [UInt8] = []
        let count = stringsOffset + strings.count + spareBytes
        blob.reserveCapacity(count)
        for word in [
            FDTHeader.magic, UInt32(count), UInt32(structureOffset),
            UInt32(stringsOffset), UInt32(reservationsOffset), FDTHeader.version,
            FDTHeader.lastCompatibleVersion, bootHart, UInt32(strings.count),
            UInt32(structure.count),
        ] {
            blob.appendBigEndian(word)
        }
        reservations.append(FDTRange(address: 0, size: 0))
        for range in reservations {
            blob.append(contentsOf: FDTValue.u64(range.address).encoded)
            blob.append(contentsOf: FDTValue.u64(range.size).encoded)
        }
        return blob + structure + strings + [UInt8](repeating: 0, count: spareBytes)
    }

    /// Where `name` stands in the strings block; it is added when new.
    private mutating func offset(of name: String) -> UInt32 {
        var wanted: [UInt8] = []
        wanted.appendTerminated(name)
        var start = 0
        while start < strings.count {
            var end = start
            while strings[end] != 0 { end += 1 }
            if strings[start...end].elementsEqual(wanted) { return UInt32(start) }
            start = end + 1
        }
        strings.append(contentsOf: wanted)
        return UInt32(start)
    }
}
