import Bits
import Effects
import Journal

/// Which network a card is plugged into.
package enum NetworkChoice: Sendable, Equatable {
    /// Through `passt`.
    case user([PortForward])
    /// A tap interface of the host.
    case tap(String)
    /// With other machines of this user.
    case switched(String)
}

extension NetworkPort {
    /// Plugs the card in a slot into its network.
    package convenience init(
        device: Int, _ choice: NetworkChoice, mac: MACAddress, inbox: EventInbox
    ) throws(HullError) {
        switch choice {
        case .user(let forwards):
            let link = try PasstLink(mac: mac, forwards: forwards)
            try link.waitUntilReady(mac: mac)
            try self.init(device: device, link, inbox: inbox)
        case .tap(let name): try self.init(device: device, try TapLink(name), inbox: inbox)
        case .switched(let name): try self.init(device: device, try SwitchLink(name), inbox: inbox)
        }
    }
}
