import ArgumentParser
import Hull

struct SurfaceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "surface",
        abstract: "Lists what each thread may still ask of the host while a guest runs.",
        discussion: """
            For each kind of thread: the system calls that reach the host's kernel, with the arguments \
            they must have, the files within reach and the capabilities. All else ends the program. \
            The options are those of hull boot; nothing is started.

            Examples:
              hull surface
              hull surface --drive disk.img --gdb unix:/tmp/gdb
              hull surface --json
            """)

    @Flag(help: "Writes JSON.")
    var json = false

    @OptionGroup var boot: ImageOptions
    @OptionGroup(title: "What the machine has") var board: BoardOptions
    @OptionGroup(title: "How it runs") var running: RunOptions

    func run() throws {
        var chosen = boot.configuration
        board.apply(to: &chosen)
        running.apply(to: &chosen)
        let surface = try Surface(chosen)
        print(json ? surface.json : surface.text, terminator: "")
    }
}
