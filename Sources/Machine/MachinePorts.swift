import Bits
import Journal
import Virtio

/// A channel for bytes between a guest and the outside, by a name that the guest sees.
package struct MachinePort {
    /// The number of the device with the ports, in their order.
    package static let slot = 6

    package var name: String
    package var backEnd: any ConsoleBackEnd
    package init(_ name: String, _ backEnd: any ConsoleBackEnd) {
        self.name = name
        self.backEnd = backEnd
    }

    /// A port's number in effects and events.
    package static func number(_ port: Int) -> Int { VirtioPorts.number(slot: slot, port: port) }
}

extension MachineParts {
    /// The consoles, and the ports as what they are to the bus: more of them.
    var everyConsole: [Int: any ConsoleBackEnd] {
        var all = consoles
        for (port, channel) in ports.enumerated() {
            all[MachinePort.number(port)] = channel.backEnd
        }
        return all
    }

    func plugPorts(into slots: inout [VirtioDevice]) throws(HullError) {
        guard !ports.isEmpty else { return }
        guard slots[MachinePort.slot] == .none else {
            throw HullError(.usage, "There are too many drives beside the guest's ports.")
        }
        slots[MachinePort.slot] = .ports(
            VirtioPorts(device: MachinePort.slot, names: ports.map(\.name)))
    }
}
