import Bits
import FoundationEssentials
import Glibc

/// Chores of the project, behind the Makefile: `swift run -c release dev CHORE`.
@main
struct Dev {
    private static let usage = """
        usage: dev test | soak [--seed N] | bench [options of run.py] | bench-micro | packages test|bench |
                   install --prefix DIR | generate [--check]
        """

    static func main() {
        let arguments = Array(CommandLine.arguments.dropFirst())
        let rest = Array(arguments.dropFirst())
        do throws(HullError) {
            switch arguments.first {
            case "test": exit(try TestRun(rest).run())
            case "soak": exit(try Soak(rest).run())
            case "bench": exit(try Bench(rest).run())
            case "bench-micro": say(try MicroBench().run())
            case "packages": try Packages.provide(for: try purpose(rest))
            case "install": try Install(rest).run()
            case "generate": generate(check: rest.contains("--check"))
            default: fail(usage)
            }
        } catch {
            fail("dev: \(error)")
        }
    }

    private static func purpose(_ arguments: [String]) throws(HullError) -> Packages.Purpose {
        guard let word = arguments.first, let purpose = Packages.Purpose(rawValue: word) else {
            throw HullError(.usage, usage)
        }
        return purpose
    }

    private static func generate(check: Bool) {
        do {
            let root = FileManager.default.currentDirectoryPath
            let stale = try GenerateSwitch(root: root).run(check: check)
            for file in stale { say(check ? "stale: \(file)" : "wrote \(file)") }
            if check && !stale.isEmpty { exit(1) }
        } catch {
            fail("dev generate: \(error); run it in the package's folder")
        }
    }

    private static func fail(_ message: String) -> Never {
        say(message, on: 2)
        exit(1)
    }
}

/// Writes a line at once, so that it stands in order with what child processes write.
func say(_ message: String, on descriptor: Int32 = 1) {
    let line = message + "\n"
    // SAFETY: the string lives through the call, and its length is its own.
    _ = unsafe write(descriptor, line, line.utf8.count)
}

/// A variable of the environment.
func environment(_ name: String) -> String? {
    // SAFETY: the value is copied before anything could change it.
    unsafe getenv(name).map { unsafe String(cString: $0) }
}
