import ArgumentParser
import Bits
import HostIO
import Hull

struct DisassembleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "disassemble",
        abstract: "Writes a program's instructions as assembly.",
        discussion: """
            FILE is what hull boot takes; addresses are those that the program was linked to. With \
            --at, only what starts there is written.

            Examples:
              hull disassemble kernel.elf
              hull disassemble kernel.elf --at main
              hull disassemble vmlinux --at 0xffffffff80002000 --count 40
            """)

    @Argument(help: "The program.", completion: .file())
    var file: String

    @Option(
        help: ArgumentHelp(
            "Starts at this address, or at this symbol.", valueName: "address|symbol"))
    var at: String?

    @Option(
        help: ArgumentHelp(
            "Writes so many instructions at most; 32 with --at.", valueName: "number"))
    var count: Int?

    func validate() throws {
        if let count, count < 1 { throw ValidationError("--count takes a number above 0.") }
    }

    func run() throws {
        let listing = try Listing(file)
        var start: UInt64?
        if let at {
            guard let place = listing.address(of: at) else {
                throw HullError(
                    .usage,
                    "\(at) is neither an address such as 0x80000000 nor a symbol of \(file).")
            }
            start = place
        }
        let written = listing.write(from: start, count: count ?? (at == nil ? .max : 32)) {
            HostFile.writeAll(1, $0)
        }
        if !written, let start {
            throw HullError(
                .usage, "There is no code at 0x\(String(start, radix: 16)) in \(file).")
        }
    }
}
