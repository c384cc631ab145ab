import Effects
import Journal

/// The host's side of the board's devices, found by the device's number.
struct BackEnds {
    var consoles: [ConsolePort] = []
    /// By virtio slot.
    var drives: [any BlockBackEnd] = []
    /// By virtio slot.
    var networks: [Int: any NetworkBackEnd] = [:]
    private let shares: [Int: any ShareBackEnd]
    private let remotes: [Int: any RemoteBackEnd]
    var entropy: (any EntropyBackEnd)?
    /// Requests that nobody has answered.
    private(set) var requestsUnderWay = 0

    init(
        consoles: [Int: any ConsoleBackEnd], drives: [any BlockBackEnd],
        shares: [Int: any ShareBackEnd], remotes: [Int: any RemoteBackEnd],
        entropy: (any EntropyBackEnd)?
    ) {
        self.consoles = consoles.map { ConsolePort(device: $0.key, backEnd: $0.value) }
        self.drives = drives
        self.shares = shares
        self.remotes = remotes
        self.entropy = entropy
    }

    func console(_ device: Int) -> ConsolePort? {
        for port in consoles where port.device == device { return port }
        return nil
    }

    /// What the request ended in, if that took no waiting.
    mutating func submit(_ request: BlockRequest) -> Event? {
        guard drives.indices.contains(request.device) else { return nil }
        let drive = drives[request.device]
        if let event = drive.performAtOnce(request) { return event }
        requestsUnderWay += 1
        drive.submit(request)
        return nil
    }

    mutating func submit(_ request: ShareRequest) {
        guard let share = shares[request.device] else { return }
        requestsUnderWay += 1
        share.submit(request)
    }

    /// Other processes answer when they like: they have no part in runs that can be repeated.
    func carryOut(_ order: RemoteOrder, of device: Int) {
        guard let remote = remotes[device] else { return }
        switch order {
        case .start(let features): remote.start(features: features)
        case .request(let request): remote.submit(request)
        case .stop: remote.stop()
        case .configure(let offset, let bytes): remote.configure(offset: offset, bytes)
        }
    }

    /// False where there is no source.
    mutating func askForEntropy(_ device: Int, count: Int) -> Bool {
        guard let entropy else { return false }
        requestsUnderWay += 1
        entropy.submit(device: device, count: count)
        return true
    }

    /// One of the requests ended.
    mutating func noteAnswer() { requestsUnderWay -= 1 }
}

/// Entropy for the `seed` CSR.
struct SeedPool {
    /// The harts' own number in requests for entropy.
    static let device = 101
    private var words: [UInt16] = []
    var isUnderWay = false

    mutating func take() -> UInt16? { words.popLast() }
    mutating func fill(_ bytes: [UInt8]) {
        isUnderWay = false
        for index in stride(from: 0, to: bytes.count & ~1, by: 2) {
            words.append(UInt16(bytes[index]) | UInt16(bytes[index + 1]) << 8)
        }
    }
}
