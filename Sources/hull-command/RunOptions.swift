import ArgumentParser
import Hull

/// How a machine runs, for every command that runs one.
struct RunOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The kernel's command line.", valueName: "text"))
    var append: String?

    @Option(
        help: ArgumentHelp(
            "What the machine is called in hull ps; without it, a name like its image's.",
            valueName: "name"))
    var name: String?

    @Flag(
        help: "Leaves the machine running and prints its name; hull console NAME is its console.")
    var detach = false

    @OptionGroup var drives: DriveOptions

    @Option(
        name: [.customShort("v"), .customLong("volume")],
        help: ArgumentHelp(
            "A folder of the host that the guest mounts by the name GUEST; with :ro it can change"
                + " nothing there. :9p and :virtiofs choose who serves it.",
            valueName: "host:guest[:ro]"), completion: .directory)
    var volumes: [Volume] = []

    @Option(
        help: ArgumentHelp(
            "A network card: user (through passt), tap=NAME, switch=NAME or none; then"
                + " ,forward=HOST:GUEST, ,mac=ADDRESS, ,queues=NUMBER. Several times.",
            valueName: "network"))
    var net: [String] = []

    @Option(
        help: ArgumentHelp(
            "A device that another process serves over vhost-user, such as hull block-backend.",
            valueName: "blk,socket=path"))
    var vhostUser: [RemoteDevice] = []

    @Option(
        help: ArgumentHelp(
            "What runs the harts: \(Configuration.Engine.names). Without it, the translator where this"
                + " host can run its code.", valueName: "engine"))
    var engine: Configuration.Engine?

    @OptionGroup var translation: TranslationOptions

    @Option(
        help: ArgumentHelp(
            "What the guest's time follows: host, or instructions=MHz, which makes runs repeatable.",
            valueName: "clock"))
    var clock = ClockChoice(.host)

    @Flag(
        help: ArgumentHelp(
            "The same input gives the same run: harts run in turns, and time follows instructions.")
    )
    var deterministic = false

    @Option(
        help: ArgumentHelp(
            "Ends the run with exit code 124 after so many seconds.", valueName: "seconds"))
    var timeout: Double?

    @Flag(help: "A reset that the guest asks for ends the run.")
    var noReboot = false

    @Option(
        help: ArgumentHelp(
            "Waits for a debugger there: a port of this machine, or unix:PATH.",
            valueName: "port|unix:path"))
    var gdb: String?

    @Option(
        help: ArgumentHelp(
            "Writes what happens, separated by commas: \(TraceKind.names).", valueName: "kinds"))
    var trace: TraceKinds?

    @Option(
        help: ArgumentHelp(
            "Where the trace goes instead of standard error.", valueName: "file"),
        completion: .file())
    var traceFile: String?

    @Flag(
        help: "Writes /tmp/perf-PID.map, by which perf names functions of the guest.")
    var perfMap = false

    @Flag(help: "Counts of the run go to standard error at its end.")
    var stats = false

    @Flag(
        help:
            "Keeps the host's files and system calls within reach, for those who debug Hull itself."
    )
    var noConfinement = false

    func validate() throws {
        if detach && gdb != nil {
            throw ValidationError("--gdb waits for a debugger, and --detach for nobody.")
        }
        if let timeout, !(timeout > 0 && timeout < 1e9) {
            throw ValidationError("--timeout takes a number of seconds above 0.")
        }
        for text in net {
            do {
                _ = try Configuration.Network.parse(text)
            } catch {
                throw ValidationError("\(error)")
            }
        }
        if traceFile != nil && trace == nil {
            throw ValidationError("--trace-file needs --trace, which says what to write.")
        }
    }

    func apply(to chosen: inout Configuration) {
        if let name { chosen.name = name }
        chosen.isDetached = detach
        chosen.arguments = append
        chosen.networks = net.compactMap { try? Configuration.Network.parse($0) }
        chosen.shares = volumes.map(\.share)
        drives.apply(to: &chosen)
        chosen.remotes = vhostUser.map(\.remote)
        if let engine {
            chosen.engine = engine
            chosen.requiresEngine = true
        }
        translation.apply(to: &chosen)
        chosen.writesProfile = perfMap
        chosen.clock = clock.clock
        chosen.isDeterministic = deterministic
        if deterministic && clock.clock == .host { chosen.clock = .instructions(megahertz: 100) }
        chosen.endsAtReset = noReboot
        chosen.timeoutSeconds = timeout
        chosen.printsStatistics = stats
        chosen.debugger = gdb
        chosen.isConfined = !noConfinement
        chosen.trace = trace?.kinds ?? []
        chosen.traceFile = traceFile
    }
}

/// How the translator works, for every command that has one.
struct TranslationOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The most guest instructions in a translation unit.", valueName: "number"))
    var tuMax: Int?

    @Option(
        help: ArgumentHelp(
            "The most host code that the translator keeps, such as 64M.", valueName: "size"))
    var translationCache = MemorySize(bytes: 64 << 20)

    func validate() throws {
        if let tuMax, !(1...Configuration.longestTranslationUnit).contains(tuMax) {
            throw ValidationError(
                "--tu-max takes a number from 1 to \(Configuration.longestTranslationUnit).")
        }
        if !Configuration.translationCacheSizes.contains(translationCache.bytes) {
            throw ValidationError("--translation-cache takes a size from 4M to 1024M.")
        }
    }
    func apply(to chosen: inout Configuration) {
        chosen.translationUnitLimit = tuMax
        chosen.translationCacheBytes = translationCache.bytes
    }
}

typealias TraceKind = Configuration.TraceKind

extension TraceKind {
    static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }
}

/// `instructions,traps`.
struct TraceKinds: ExpressibleByArgument {
    var kinds: Set<TraceKind> = []
    init?(argument: String) {
        for word in argument.split(separator: ",", omittingEmptySubsequences: false) {
            guard let kind = TraceKind(rawValue: String(word)) else { return nil }
            kinds.insert(kind)
        }
    }
    static var allValueStrings: [String] { TraceKind.allCases.map(\.rawValue) }
}
