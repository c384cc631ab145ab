import Journal

extension MachineParts {
    /// Shared folders by their slot: they follow the drives.
    var sharesBySlot: [Int: any ShareBackEnd] {
        Dictionary(
            uniqueKeysWithValues: shares.enumerated().map { (drives.count + $0.offset, $0.element) }
        )
    }
}
