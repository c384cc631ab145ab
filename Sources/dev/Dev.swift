import FoundationEssentials
import Glibc

/// Chores of the project: `swift run dev generate [--check]`.
@main
struct Dev {
    static func main() {
        let arguments = Array(CommandLine.arguments.dropFirst())
        switch arguments.first {
        case "generate": generate(check: arguments.contains("--check"))
        default: fail("usage: dev generate [--check]")
        }
    }

    private static func generate(check: Bool) {
        do {
            let root = FileManager.default.currentDirectoryPath
            let stale = try GenerateSwitch(root: root).run(check: check)
            for file in stale { print(check ? "stale: \(file)" : "wrote \(file)") }
            if check && !stale.isEmpty { exit(1) }
        } catch {
            fail("dev generate: \(error); run it in the package's folder")
        }
    }

    private static func fail(_ message: String) -> Never {
        let line = message + "\n"
        // SAFETY: the string lives through the call, and its length is its own.
        _ = unsafe write(2, line, line.utf8.count)
        exit(1)
    }
}
