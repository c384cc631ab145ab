import Bits
import Effects
import Ethernet
import Glibc
import Journal

/// A virtual Ethernet between the machines of one user on one host. There is no process in its
/// middle: each member has a socket in the switch's folder and sends to the others itself, to the one
/// that an address was seen from, or to all. So it lasts as long as it has members, whichever was
/// first, and nothing is left behind.
///
/// A datagram is its sender's number, eight bytes with the lowest first, and a frame behind its
/// header; without a frame it says hello.
///
/// SAFETY: one thread uses it; every pointer handed to the host is to a local or an array's storage
/// and lives through the call.
final class SwitchLink: FrameLink, @unchecked Sendable {
    let mtu: UInt16? = nil
    private let folder: String
    private let number: UInt64
    private let receiver: Int32
    private var members: [UInt64: Member] = [:]
    /// From which member an address was last seen.
    private var places: [MACAddress: UInt64] = [:]
    /// The member whose socket was full, and since when the frame for it waits.
    private var blocked: (number: UInt64, since: UInt64)?
    private var finisher = FrameFinisher(accepted: [])
    private var reader = FrameReader()

    private struct Member {
        let descriptor: Int32
        /// Its frames are lost while it takes none, so that it holds up nobody else.
        var isStuck = false
    }

    private static let placeLimit = 4096
    private static let memberLimit = 256
    /// How long a frame waits for a member that takes none.
    private static let patienceNanoseconds: UInt64 = 50_000_000

    init(_ name: String) throws(HullError) {
        let isName = name.utf8.allSatisfy {
            UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0
                || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0
                || UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || $0 == UInt8(ascii: "-")
                || $0 == UInt8(ascii: "_")
        }
        guard isName, (1...32).contains(name.utf8.count) else {
            throw HullError(
                .usage,
                "A switch has a name of 1 to 32 letters, digits, - and _; \"\(name)\" is none.")
        }
        folder = try SwitchFolder.path(name)
        number = HostEntropy.bytes(8).reduce(0) { $0 << 8 | UInt64($1) }
        receiver = try SwitchFolder.bind(folder, Self.name(number))
        greetAll()
    }

    private static func name(_ number: UInt64) -> String { String(number, radix: 16) }

    // MARK: Members

    private func greetAll() {
        for file in HostFolder.names(folder) {
            guard let other = UInt64(file, radix: 16), other != number else { continue }
            if add(other) { greet(other) }
        }
    }

    private func add(_ other: UInt64) -> Bool {
        guard members[other] == nil, members.count < Self.memberLimit else { return false }
        guard let descriptor = SwitchFolder.connect(folder, Self.name(other)) else { return false }
        members[other] = Member(descriptor: descriptor)
        return true
    }

    private func remove(_ other: UInt64) {
        guard let member = members.removeValue(forKey: other) else { return }
        Glibc.close(member.descriptor)
        for (address, place) in places where place == other { places[address] = nil }
    }

    private func greet(_ other: UInt64) {
        guard let member = members[other] else { return }
        _ = SwitchFolder.send(member.descriptor, number, [], 0..<0)
    }

    // MARK: To the others

    func send(_ batch: FrameBatch, from next: Int) throws(LinkEnd) -> Int {
        for index in next..<batch.count {
            let range = batch.range(index)
            let destination = MACAddress(
                batch.bytes, at: range.lowerBound + FrameHeader.byteCount)
            if !destination.isGroup, let place = places[destination] {
                guard send(batch.bytes, range, to: place, waits: true) else { return index }
            } else {
                for other in members.keys { _ = send(batch.bytes, range, to: other, waits: false) }
            }
        }
        return batch.count
    }

    /// False: the member's socket is full, and the frame should wait.
    private func send(
        _ bytes: [UInt8], _ range: Range<Int>, to other: UInt64, waits: Bool
    ) -> Bool {
        guard var member = members[other] else { return true }
        let outcome = SwitchFolder.send(member.descriptor, number, bytes, range)
        switch outcome {
        case .sent, .refused:
            if blocked?.number == other { blocked = nil }
            member.isStuck = false
            members[other] = member
        case .gone: remove(other)
        case .full:
            guard waits, !member.isStuck else { return true }
            let now = BoardClock.hostNanoseconds()
            guard let since = blocked, since.number == other else {
                blocked = (other, now)
                return false
            }
            guard now &- since.since > Self.patienceNanoseconds else { return false }
            blocked = nil
            member.isStuck = true
            members[other] = member
        }
        return true
    }

    // MARK: From the others

    func accept(_ offloads: FrameOffloads) { finisher.accepted = offloads }

    func receive() throws(LinkEnd) -> FrameBatch {
        while reader.hasRoom {
            var sender: UInt64 = 0
            let count = unsafe reader.read {
                unsafe SwitchFolder.receive(receiver, &sender, $0)
            }
            if count < 0 { break }
            meet(sender, isFrame: count >= FrameBatch.smallestFrame)
        }
        let raw = reader.take()
        var finished = FrameBatch()
        finished.reserve(raw.bytes.count)
        for index in 0..<raw.count { finisher.finish(raw, index, into: &finished) }
        return finished
    }

    /// Learns who sent this and where its address is.
    private func meet(_ sender: UInt64, isFrame: Bool) {
        guard sender != number else { return }
        if members[sender] == nil, !add(sender) { return }
        guard isFrame, let source = reader.lastSource, !source.isGroup, places[source] != sender
        else { return }
        if places.count >= Self.placeLimit { places = [:] }
        places[source] = sender
    }

    // MARK: Waiting

    func polled(receives: Bool, sends: Bool) -> [pollfd] {
        var polled: [pollfd] = []
        if receives { polled.append(pollfd(fd: receiver, events: Int16(POLLIN), revents: 0)) }
        if sends, let blocked, let member = members[blocked.number] {
            polled.append(pollfd(fd: member.descriptor, events: Int16(POLLOUT), revents: 0))
        }
        return polled
    }

    /// Its socket goes, those of members that are gone, and the folder with the last of them.
    var files: FileRights {
        let parent = folder.split(separator: "/").dropLast().joined(separator: "/")
        return FileRights(["/" + parent: [.removeFile, .removeFolder]])
    }

    func close() {
        SwitchFolder.leave(folder, Self.name(number))
        Glibc.close(receiver)
        for member in members.values { Glibc.close(member.descriptor) }
    }
}
