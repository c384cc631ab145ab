import NineP

/// One message of the vhost-user protocol, as its specification numbers them.
package struct VhostMessage {
    package enum Kind: UInt32, Sendable, CaseIterable {
        case getFeatures = 1
        case setFeatures = 2
        case setOwner = 3
        case setMemoryTable = 5
        case setRingSize = 8
        case setRingAddresses = 9
        case setRingBase = 10
        case getRingBase = 11
        case setRingKick = 12
        case setRingCall = 13
        case setRingError = 14
        case getProtocolFeatures = 15
        case setProtocolFeatures = 16
        case getQueueCount = 17
        case setRingEnable = 18
        case setBackEndChannel = 21
        case getConfiguration = 24
        case setConfiguration = 25
        case getInFlight = 31
        case setInFlight = 32
    }

    static let headerBytes = 12
    /// No message that either side understands is longer.
    static let longestPayload: UInt32 = 4096
    static let version: UInt32 = 1
    package static let reply: UInt32 = 4
    package static let needsReply: UInt32 = 8

    package var kind: UInt32
    package var flags: UInt32
    package var payload: [UInt8]
    /// Whoever holds the message closes them.
    package var descriptors: [Int32]

    package init(
        _ kind: Kind, flags: UInt32 = 0, _ payload: [UInt8] = [], descriptors: [Int32] = []
    ) {
        self.init(
            kind: kind.rawValue, flags: Self.version | flags, payload: payload,
            descriptors: descriptors)
    }
    package init(kind: UInt32, flags: UInt32, payload: [UInt8], descriptors: [Int32] = []) {
        self.kind = kind
        self.flags = flags
        self.payload = payload
        self.descriptors = descriptors
    }
    /// What answers a message.
    package func answer(_ payload: [UInt8], descriptors: [Int32] = []) -> VhostMessage {
        VhostMessage(
            kind: kind, flags: Self.version | Self.reply, payload: payload,
            descriptors: descriptors)
    }

    /// Whether the sender wants to know how it went.
    package var wantsReply: Bool { flags & Self.needsReply != 0 }

    package var header: [UInt8] {
        var fields = Fields()
        fields.word(kind)
        fields.word(flags)
        fields.word(UInt32(payload.count))
        return fields.bytes
    }

    /// The only number of a payload.
    package var number: UInt64? {
        var reader = MessageReader(payload[...])
        return payload.count == 8 ? reader.double() : nil
    }
    /// Index and number, as ring messages have them.
    package var pair: (UInt32, UInt32)? {
        var reader = MessageReader(payload[...])
        guard payload.count == 8, let first = reader.word(), let second = reader.word() else {
            return nil
        }
        return (first, second)
    }

    /// A payload under construction.
    package struct Fields {
        package private(set) var bytes: [UInt8] = []
        package init() {}
        private mutating func number(_ value: UInt64, _ count: Int) {
            for index in 0..<count {
                bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(index * 8)))
            }
        }
        package mutating func half(_ value: UInt16) { number(UInt64(value), 2) }
        package mutating func word(_ value: UInt32) { number(UInt64(value), 4) }
        package mutating func double(_ value: UInt64) { number(value, 8) }
    }
    package static func number(_ value: UInt64) -> [UInt8] {
        var fields = Fields()
        fields.double(value)
        return fields.bytes
    }
    package static func pair(_ first: Int, _ second: UInt32) -> [UInt8] {
        var fields = Fields()
        fields.word(UInt32(truncatingIfNeeded: first))
        fields.word(second)
        return fields.bytes
    }
}

/// Features of the protocol itself.
package struct VhostProtocol: OptionSet, Sendable {
    package let rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }
    package static let multipleQueues = Self(rawValue: 1 << 0)
    package static let replyAcknowledge = Self(rawValue: 1 << 3)
    package static let backEndRequests = Self(rawValue: 1 << 5)
    package static let configuration = Self(rawValue: 1 << 9)
    package static let inFlight = Self(rawValue: 1 << 12)
    /// The bit of the device's features that says that there are any of these.
    package static let offer: UInt64 = 1 << 30
}

/// A range of the guest's memory as the table of it says.
package struct VhostRegion: Sendable, Equatable {
    package var guest: UInt64
    package var count: UInt64
    package var user: UInt64
    package var offset: UInt64
    package init(guest: UInt64, count: UInt64, user: UInt64, offset: UInt64) {
        self.guest = guest
        self.count = count
        self.user = user
        self.offset = offset
    }
    package static let limit = 8

    package static func table(_ regions: [VhostRegion]) -> [UInt8] {
        var fields = VhostMessage.Fields()
        fields.word(UInt32(regions.count))
        fields.word(0)
        for region in regions {
            for value in [region.guest, region.count, region.user, region.offset] {
                fields.double(value)
            }
        }
        return fields.bytes
    }
    package static func table(of payload: [UInt8]) -> [VhostRegion]? {
        var reader = MessageReader(payload[...])
        guard let count = reader.word(), reader.word() != nil, count <= UInt32(limit) else {
            return nil
        }
        var regions: [VhostRegion] = []
        for _ in 0..<count {
            guard let guest = reader.double(), let count = reader.double(),
                let user = reader.double(), let offset = reader.double()
            else { return nil }
            regions.append(VhostRegion(guest: guest, count: count, user: user, offset: offset))
        }
        return regions
    }
}

/// What describes the memory in which a back end notes what it works at.
package struct VhostInFlight: Sendable, Equatable {
    package var count: UInt64
    package var offset: UInt64
    package var queueCount: UInt16
    package var queueSize: UInt16
    package init(count: UInt64, offset: UInt64, queueCount: UInt16, queueSize: UInt16) {
        self.count = count
        self.offset = offset
        self.queueCount = queueCount
        self.queueSize = queueSize
    }
    package init?(_ payload: [UInt8]) {
        var reader = MessageReader(payload[...])
        guard let count = reader.double(), let offset = reader.double(),
            let queueCount = reader.half(), let queueSize = reader.half()
        else { return nil }
        self.init(count: count, offset: offset, queueCount: queueCount, queueSize: queueSize)
    }
    package var payload: [UInt8] {
        var fields = VhostMessage.Fields()
        fields.double(count)
        fields.double(offset)
        fields.half(queueCount)
        fields.half(queueSize)
        // Padding of the structure that others send and expect.
        fields.word(0)
        return fields.bytes
    }
}
