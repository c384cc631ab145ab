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
    /// Devices in other processes take what network cards leave behind those.
    var remotesBySlot: [Int: any RemoteBackEnd] {
        var slot = drives.count + shares.count
        var result: [Int: any RemoteBackEnd] = [:]
        for remote in remotes {
            while networks[slot] != nil { slot += 1 }
            result[slot] = remote
            slot += 1
        }
        return result
    }

    /// What other processes map must be theirs to map.
    var memoryBacking: MemslotRequest.Backing {
        remotes.isEmpty ? .anonymous(hugePages: true) : .shared
    }

    func checkSlots(_ count: Int) throws(HullError) {
        guard drives.count + shares.count + remotes.count + networks.count <= count else {
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
