import Bits
import Effects
import Journal
import Virtio

/// A network card of the board, and what it is plugged into.
package struct NetworkCard: Sendable {
    package var backEnd: any NetworkBackEnd
    package var mac: MACAddress
    /// Pairs of queues.
    package var pairCount: Int

    package init(_ backEnd: any NetworkBackEnd, mac: MACAddress, pairCount: Int = 1) {
        self.backEnd = backEnd
        self.mac = mac
        self.pairCount = pairCount
    }

    static func plug(
        _ cards: [Int: NetworkCard], into slots: inout [VirtioDevice]
    ) throws(HullError) {
        for (slot, card) in cards {
            guard slots.indices.contains(slot), slots[slot] == .none else {
                throw HullError(
                    .usage,
                    "The board has \(slots.count) slots, too few for its drives and network cards.")
            }
            slots[slot] = .net(
                VirtioNet(
                    device: slot, mac: card.mac, mtu: card.backEnd.mtu, pairCount: card.pairCount))
        }
    }
}
