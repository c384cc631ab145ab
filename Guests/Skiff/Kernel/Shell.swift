import CSkiff
import FDT
import SkiffABI

extension Kernel {
    /// The prompt. With `run=COMMAND;COMMAND` among the boot arguments these commands run instead,
    /// and the machine goes off with the code of the last one that failed.
    func runShell() -> Never {
        console.write(
            "Skiff: a small operating system on ",
            .literal(MachineMode.isUsed ? "a bare" : "an SBI"),
            " RISC-V machine, hart ", .decimal(board.hart), ", ",
            .decimal(board.memory.size >> 20), " MiB\n")
        if let commands = bootCommands {
            let code = run(line: commands[...])
            powerOff(code: code)
        }
        console.write("Type help for the list of commands.\n")
        while true {
            reap()
            console.write("skiff> ")
            _ = run(line: readLine()[...])
        }
    }

    /// What stands behind `run=`: to the end of the arguments, so that commands may have operands.
    private var bootCommands: [UInt8]? {
        let arguments = board.bootArguments
        let key = StaticString("run=").bytes
        for start in arguments.indices {
            let isStart = start == 0 || arguments[start - 1] == 32
            if isStart && arguments[start...].starts(with: key) {
                return Array(arguments[(start + key.count)...])
            }
        }
        return nil
    }

    /// Runs commands between semicolons; returns the code of the last one that failed, else 0.
    func run(line: ArraySlice<UInt8>) -> UInt64 {
        var code: UInt64 = 0
        for command in line.split(separator: UInt8(ascii: ";")) {
            let words = command.words
            guard let name = words.first else { continue }
            let result = run(name, words)
            if result != 0 { code = result }
        }
        return code
    }

    private func run(_ name: ArraySlice<UInt8>, _ words: [ArraySlice<UInt8>]) -> UInt64 {
        for command in Command.all where name.equals(command.name) {
            switch command.body {
            case .kernel(let body): return body(self, words)
            case .program: return runProgram(words)
            }
        }
        console.write(.bytes(name), ": no such command; help lists them\n")
        return 127
    }

    /// Runs a program in user mode; with `&` at the end nobody waits for it.
    func runProgram(_ words: [ArraySlice<UInt8>]) -> UInt64 {
        var words = words
        let isBackground = words.last?.equals("&") == true
        if isBackground { words.removeLast() }
        var command: [UInt8] = []
        for word in words {
            if !command.isEmpty { command.append(32) }
            command += word
        }
        guard let process = spawn(command) else {
            console.write("no room for another program\n")
            return 1
        }
        if isBackground {
            console.write("[", .decimal(process.number), "]\n")
            return 0
        }
        foreground = process
        defer { foreground = nil }
        return waitForChild(process.number) ?? 1
    }
}
