import ArgumentParser
import Bits
import HostIO
import Hull

struct UnitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tu", abstract: "Shows what the translator makes of guest code.",
        subcommands: [UnitDumpCommand.self])
}

struct UnitDumpCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dump",
        abstract: "Writes the translation units of a function, with their IR and host code.",
        discussion: """
            For each unit that direct jumps reach from the function's start: guest code, IR as it was \
            lifted and as it was optimised, host code (through llvm-objdump where it is installed) and \
            exits. Nothing is run, unless --call gives arguments: then the function is called twice in \
            one machine, and what is shown is what ran, its jumps chained.

            Examples:
              hull tu dump Examples/IsPrime/isPrime.elf --function isPrime
              hull tu dump Examples/IsPrime/isPrime.elf --function isPrime --call 49
              hull tu dump kernel.elf --address 0x80001234
            """)

    @Argument(help: "The program.", completion: .file())
    var file: String

    @Option(help: ArgumentHelp("The function, by its symbol.", valueName: "symbol"))
    var function: String?

    @Option(help: ArgumentHelp("The function, by its address.", valueName: "address"))
    var address: Address?

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Calls the function twice with these integers, and says what was translated.",
            valueName: "number"))
    var call: [Int64] = []

    @Flag(help: "Writes host code as bytes, even where llvm-objdump is installed.")
    var bytes = false

    @OptionGroup(title: "How code is translated") var translation: TranslationOptions
    @OptionGroup(title: "What the machine has") var board: BoardOptions

    func validate() throws {
        if function != nil && address != nil {
            throw ValidationError("--function and --address both say where to start; give one.")
        }
        if call.count > 8 { throw ValidationError("--call takes at most eight numbers.") }
    }

    func run() throws {
        var chosen = Configuration()
        chosen.firmware = .none
        board.apply(to: &chosen)
        translation.apply(to: &chosen)
        let name = function ?? address.map { "0x" + String($0.value, radix: 16) }
        var dump = try UnitDump(chosen, file: file, function: name)
        dump.disassemblesHost = !bytes
        var text = ""
        if !call.isEmpty { text = try dump.call(call.map { UInt64(bitPattern: $0) }) + "\n" }
        text += try dump.text()
        HostFile.writeAll(1, Array(text.utf8))
    }
}
