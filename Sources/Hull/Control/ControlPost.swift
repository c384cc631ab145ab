import Bits
import HostIO
import Journal
import Machine

/// A running machine's name and control socket, from the claim of the one to the end of the other.
struct ControlPost {
    private let claim: NameClaim
    private var control: MachineControl?
    private var server: ControlServer?
    let name: String
    let log: String

    /// Takes the name that the configuration says, or one like its image's.
    init(_ configuration: Configuration) throws(HullError) {
        let folder = try RuntimeFolder()
        if let name = configuration.name {
            claim = try folder.claim(try MachineName.checked(name))
        } else {
            claim = try folder.claim(like: MachineName.like(configuration.imageName))
        }
        name = claim.name
        log = folder.log(name)
    }

    mutating func open(
        _ configuration: Configuration, _ machine: Machine, _ console: SharedConsole,
        isLogged: Bool
    ) throws(HullError) {
        let control = MachineControl(
            name, configuration, machine, console, log: isLogged ? log : nil)
        self.control = control
        server = try ControlServer(claim, control, console)
    }

    /// The run is over, or did not begin.
    func close() {
        control?.end()
        if let server { server.close() } else { claim.release() }
    }
}

/// Names of machines, which are names of files too.
enum MachineName {
    static let longest = 40

    static func checked(_ name: String) throws(HullError) -> String {
        guard let first = name.utf8.first, isLetter(first), name.utf8.count <= longest,
            name.utf8.allSatisfy({ isLetter($0) || isJoint($0) })
        else {
            throw HullError(
                .usage,
                "\"\(name)\" is no name for a machine: letters, digits, and - _ . between them, at"
                    + " most \(longest).")
        }
        return name
    }

    /// The nearest name to a file's.
    static func like(_ path: String) -> String {
        let file = path.split(separator: "/").last ?? ""
        // Room for the number that makes it unique.
        let bytes = file.utf8.map { isLetter($0) || isJoint($0) ? $0 : UInt8(ascii: "-") }
            .drop { !isLetter($0) }.prefix(longest - 6)
        return bytes.isEmpty ? "machine" : String(decoding: bytes, as: UTF8.self)
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
    private static func isJoint(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".")
    }
}
