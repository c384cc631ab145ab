import Bits
import Effects
import HostIO
import Journal
import Machine

extension Configuration {
    /// A network card, and what it is plugged into.
    public struct Network: Sendable, Equatable {
        /// What a card is plugged into.
        public enum Kind: Sendable, Equatable {
            /// The host's own network behind address translation, by way of the program `passt`. No
            /// right of the host is needed. The ports lead from the host to the guest.
            case user([Forward])
            /// A tap interface of the host.
            case tap(String)
            /// A virtual Ethernet that connects all machines of this user which name it.
            case switched(String)
        }

        /// A port of the host that leads to one of the guest.
        public struct Forward: Sendable, Equatable {
            /// What the port is one of.
            public enum Transport: String, Sendable {
                /// Connections.
                case tcp
                /// Datagrams.
                case udp
            }
            /// What the ports are.
            public var transport: Transport
            /// Where the host listens; `0.0.0.0` is everywhere.
            public var address: String
            /// The port of the host.
            public var hostPort: UInt16
            /// The guest's own port.
            public var guestPort: UInt16
            /// A port that only the host itself reaches, unless an address is given.
            public init(
                _ transport: Transport = .tcp, from hostPort: UInt16, to guestPort: UInt16,
                address: String = "127.0.0.1"
            ) {
                self.transport = transport
                self.address = address
                self.hostPort = hostPort
                self.guestPort = guestPort
            }
        }

        /// What it is plugged into.
        public var kind: Kind
        /// The card's own address, such as `52:54:00:12:34:56`; `nil`: one is made up.
        public var macAddress: String?
        /// How many pairs of queues the card has.
        public var queuePairs = 1

        /// A card with one pair of queues and an address of its own.
        public init(_ kind: Kind) { self.kind = kind }
    }
}

extension Configuration.Network {
    /// What `--net` takes; nil for `none`.
    package static func parse(_ text: String) throws(HullError) -> Self? {
        var words = text.split(separator: ",", omittingEmptySubsequences: false)[...]
        let kind = words.removeFirst()
        var forwards: [Forward] = []
        var network: Self
        if kind == "none" {
            guard words.isEmpty else { throw misspelt(text, "none takes nothing else") }
            return nil
        } else if kind == "user" {
            network = Self(.user([]))
        } else if let name = value(of: "tap", in: kind) {
            network = Self(.tap(name))
        } else if let name = value(of: "switch", in: kind) {
            network = Self(.switched(name))
        } else {
            throw misspelt(text, "it begins with user, tap=NAME, switch=NAME or none")
        }
        for word in words {
            if let forward = value(of: "forward", in: word) {
                forwards.append(try parseForward(forward))
            } else if let mac = value(of: "mac", in: word) {
                network.macAddress = mac
            } else if let queues = value(of: "queues", in: word), let count = Int(queues) {
                network.queuePairs = count
            } else {
                throw misspelt(
                    text, "\(word) is none of forward=HOST:GUEST, mac=ADDRESS and queues=NUMBER")
            }
        }
        if case .user = network.kind {
            network.kind = .user(forwards)
        } else if !forwards.isEmpty {
            throw misspelt(
                text, "only a user network forwards ports; others reach the guest itself")
        }
        return network
    }

    private static func misspelt(_ text: String, _ why: String) -> HullError {
        HullError(
            .usage,
            "--net \(text) cannot be read: \(why). Write --net user,forward=2222:22, for instance.")
    }

    private static func value(of key: String, in word: Substring) -> String? {
        guard word.hasPrefix(key + "="), word.utf8.count > key.utf8.count + 1 else { return nil }
        return String(word.dropFirst(key.count + 1))
    }

    /// `[tcp:|udp:][ADDRESS:]HOST:GUEST`; an address of IPv6 stands in brackets.
    private static func parseForward(_ text: String) throws(HullError) -> Forward {
        var rest = text[...]
        var transport = Forward.Transport.tcp
        for kind in [Forward.Transport.tcp, .udp] where rest.hasPrefix(kind.rawValue + ":") {
            transport = kind
            rest = rest.dropFirst(4)
        }
        var parts: [Substring] = []
        if rest.hasPrefix("["), let end = rest.firstIndex(of: "]") {
            parts.append(rest[rest.index(after: rest.startIndex)..<end])
            rest = rest[rest.index(after: end)...].dropFirst()
        }
        parts += rest.split(separator: ":", omittingEmptySubsequences: false)
        let isAddress = parts.count == 3 && isNumeric(parts[0])
        guard parts.count == 2 || isAddress, let guest = parts.popLast().flatMap({ UInt16($0) }),
            let host = parts.popLast().flatMap({ UInt16($0) }), host > 0, guest > 0
        else {
            throw HullError(
                .usage,
                "A port is forwarded by forward=HOST:GUEST, with udp: and an address before it if"
                    + " need be, as in forward=udp:0.0.0.0:5353:53; \"\(text)\" is none.")
        }
        return Forward(
            transport, from: host, to: guest, address: parts.last.map(String.init) ?? "127.0.0.1")
    }

    /// Made of what addresses are made of; the host says whether it is one.
    private static func isNumeric(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { "0123456789abcdefABCDEF.:".utf8.contains($0) }
    }

    /// The card's address, for the card in a slot.
    func mac(slot: Int, machine: String?) throws(HullError) -> MACAddress {
        if let macAddress {
            let parts = macAddress.split(separator: ":", omittingEmptySubsequences: false)
            let bytes = parts.compactMap { $0.utf8.count <= 2 ? UInt8($0, radix: 16) : nil }
            guard parts.count == 6, bytes.count == 6 else {
                throw HullError(
                    .usage,
                    "A card's address is six bytes, as in mac=52:54:00:12:34:56; "
                        + "\"\(macAddress)\" is none.")
            }
            let address = MACAddress(bytes, at: 0)
            guard !address.isGroup, address.value != 0 else {
                throw HullError(
                    .usage,
                    "\(macAddress) is the address of a group or of nobody; choose another, as in "
                        + "mac=52:54:00:12:34:56.")
            }
            return address
        }
        var name = machine
        // Two machines without names meet on a tap or a switch, never behind address translation.
        if name == nil, case .user = kind { name = "hull" }
        let seed = name.map { Array($0.utf8) } ?? HostEntropy.bytes(16)
        // FNV-1a; the slot tells cards of one machine apart.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in seed + [0, UInt8(truncatingIfNeeded: slot)] {
            hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
        }
        // Administered locally, of a single station.
        return MACAddress(0x5254_0000_0000 | hash >> 32 & 0xffff_ffff)
    }

    fileprivate var choice: NetworkChoice {
        switch kind {
        case .user(let forwards):
            .user(
                forwards.map {
                    PortForward(
                        $0.transport == .tcp ? .tcp : .udp, address: $0.address,
                        hostPort: $0.hostPort, guestPort: $0.guestPort)
                })
        case .tap(let name): .tap(name)
        case .switched(let name): .switched(name)
        }
    }
}

extension Configuration {
    /// Plugs in all cards; the first is in `slot`.
    func plugNetworks(from slot: Int, _ inbox: EventInbox) throws(HullError) -> [Int: NetworkCard] {
        var cards: [Int: NetworkCard] = [:]
        for (index, network) in networks.enumerated() {
            guard (1...16).contains(network.queuePairs) else {
                throw HullError(
                    .usage,
                    "A network card has 1 to 16 pairs of queues, and \(network.queuePairs) were asked"
                        + " for.")
            }
            let mac = try network.mac(slot: slot + index, machine: name)
            do throws(HullError) {
                cards[slot + index] = NetworkCard(
                    try NetworkPort(device: slot + index, network.choice, mac: mac, inbox: inbox),
                    mac: mac, pairCount: network.queuePairs)
            } catch {
                for card in cards.values { card.backEnd.close() }
                throw error
            }
        }
        return cards
    }
}
