extension FDTReader {
    package var root: FDTNode { FDTNode(reader: self, index: 0) }

    /// Every node, a parent before its children.
    package var allNodes: FDTAllNodes { FDTAllNodes(reader: self, index: 0) }

    /// The node at a path. A component without a unit address matches any; a path that does not
    /// start with `/` starts with an alias; what follows a `:` (options of a console) is left out.
    package func node(at path: String) -> FDTNode? { node(at: Array(path.utf8)[...]) }

    package func node(at path: ArraySlice<UInt8>) -> FDTNode? {
        let plain = path.prefix { $0 != UInt8(ascii: ":") }
        var parts = plain.split(separator: UInt8(ascii: "/"))[...]
        var node = root
        if plain.first != UInt8(ascii: "/") {
            guard let name = parts.popFirst(), let target = alias(name) else { return nil }
            node = target
        }
        for part in parts {
            guard let child = node.child(part) else { return nil }
            node = child
        }
        return node
    }

    private func alias(_ name: ArraySlice<UInt8>) -> FDTNode? {
        guard let aliases = root.child("aliases") else { return nil }
        for property in aliases.properties where property.name.bytes.elementsEqual(name) {
            // An alias holds a full path: one that names another alias would never end.
            guard let path = property.string?.bytes, path.first == UInt8(ascii: "/") else {
                return nil
            }
            return node(at: path)
        }
        return nil
    }

    /// The enabled nodes that say they are compatible with `name`, in the blob's order.
    package func nodes(compatibleWith name: String) -> [FDTNode] {
        allNodes.filter { $0.isEnabled && $0.isCompatible(with: name) }
    }

    package func node(_ phandle: FDTPhandle) -> FDTNode? {
        allNodes.first { $0.phandle == phandle }
    }
}

package struct FDTAllNodes: Sequence, IteratorProtocol, Sendable {
    let reader: FDTReader
    var index: Int
    package mutating func next() -> FDTNode? {
        guard index < reader.nodes.count else { return nil }
        defer { index += 1 }
        return FDTNode(reader: reader, index: index)
    }
}
