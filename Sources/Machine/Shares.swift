import Bits
import GuestMemory
import Journal

extension MachineParts {
    /// Shared folders by their slot: they follow the drives.
    var sharesBySlot: [Int: any ShareBackEnd] {
        Dictionary(
            uniqueKeysWithValues: shares.enumerated().map { (drives.count + $0.offset, $0.element) }
        )
    }
    /// Devices in other processes follow those.
    var remotesBySlot: [Int: any RemoteBackEnd] {
        let first = drives.count + shares.count
        return Dictionary(
            uniqueKeysWithValues: remotes.enumerated().map { (first + $0.offset, $0.element) })
    }

    /// What other processes map must be theirs to map.
    var memoryBacking: MemslotRequest.Backing {
        remotes.isEmpty ? .anonymous(hugePages: true) : .shared
    }

    func checkSlots(_ count: Int) throws(HullError) {
        guard drives.count + shares.count + remotes.count <= count else {
            throw HullError(
                .usage,
                "The board has \(count) slots, too few for \(drives.count) drives,"
                    + " \(shares.count) shared folders and \(remotes.count) devices elsewhere.")
        }
        guard clock == .host || remotes.isEmpty else {
            throw HullError(
                .usage,
                "A device in another process writes to memory when it likes, so its runs cannot be"
                    + " repeated; leave out --clock instructions or --vhost-user.")
        }
    }
}
