// What tests need a process of its own for: ends that nobody survives.
import Bits
import Effects
import Glibc
import HostIO
import Journal

let arguments = CommandLine.arguments

func say(_ text: String) { print(text, terminator: "\n") }

/// Raw mode on standard input, then the end that was asked for.
func terminal(_ end: String) throws {
    let inbox = EventInbox()
    let console = try HostConsole(device: 0, inbox: inbox)
    try HostSignals.install(inbox: inbox, console: console)
    try Terminal.makeRaw(0)
    console.output(Array("ready\n".utf8))
    console.flush()
    switch end {
    case "exit": exit(7)
    case "abort": abort()
    case "trap":
        let nothing = [UInt8](repeating: 0, count: Int(getpid()) - Int(getpid()))
        exit(Int32(nothing[0]))
    case "overflow": exit(Int32(truncatingIfNeeded: deepen(0)))
    default: break
    }
    while true {
        _ = inbox.wait()
        for event in inbox.drain() {
            if case .stop(let code) = event {
                console.close()
                exit(Int32(code))
            }
            if case .resize(_, let columns, let rows) = event {
                console.output(Array("size \(columns)x\(rows)\n".utf8))
                console.flush()
            }
        }
    }
}

@inline(never) func deepen(_ depth: Int) -> Int {
    depth == .max ? 0 : deepen(depth + 1) &* 3 &+ deepen(depth + 2)
}

/// Writes sector after sector and says the number of each that completed, until it is killed.
func writer(_ path: String) throws {
    let inbox = EventInbox()
    let drive = try HostDrive(path, readOnly: false, inbox: inbox)
    var next: UInt64 = 0
    let sectors = drive.byteCount / 512
    func submit() {
        let number = next % sectors
        drive.submit(
            BlockRequest(
                device: 0, tag: next, operation: .write, offset: number * 512, count: 512,
                data: [UInt8](repeating: UInt8(truncatingIfNeeded: next &* 7 &+ 1), count: 512)))
        next += 1
    }
    for _ in 0..<8 { submit() }
    while true {
        _ = inbox.wait()
        for case .block(_, let tag, .ok, _) in inbox.drain() {
            var line = Array("\(tag)\n".utf8)
            // SAFETY: the line is a local array.
            unsafe _ = write(1, &line, line.count)
            if next < sectors { submit() }
        }
    }
}

switch arguments.dropFirst().first {
case "terminal": try terminal(arguments.last ?? "")
case "writer": try writer(arguments.last ?? "")
case "attempts": try attempts(ThreadKind(rawValue: arguments.last ?? "") ?? .hart)
case "scan": scan(ThreadKind(rawValue: arguments.last ?? "") ?? .hart)
case "files": try files(arguments.last ?? "")
case "refusal": try refusal(.waiter)
default: exit(64)
}
