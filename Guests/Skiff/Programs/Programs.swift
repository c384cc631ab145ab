import CSkiff
import SkiffABI

/// Every program is this one: the first word of the command line says which.
@c(skiff_program) func start() {
    let command = (0..<load64(ProgramMemory.arguments)).map {
        load8(ProgramMemory.arguments + 8 + $0)
    }
    Program.exit(Program.run(command[...].words))
}

enum Program {
    static func run(_ words: [ArraySlice<UInt8>]) -> UInt64 {
        guard let name = words.first else { return 1 }
        if name.equals("echo") { return echo(words.dropFirst()) }
        if name.equals("ls") { return list() }
        if name.equals("cat") { return concatenate(words.dropFirst()) }
        if name.equals("primes") { return primes(words.dropFirst().first?.decimal ?? 100_000) }
        if name.equals("spin") { return spin(seconds: words.dropFirst().first?.decimal ?? 1) }
        if name.equals("crash") { return crash(words.dropFirst().first ?? []) }
        if name.equals("test") { return test(words.dropFirst().first ?? []) }
        if name.equals("bench") { return bench(words.dropFirst()) }
        write(.bytes(name), ": no such program\n")
        return 127
    }

    static func call(
        _ call: SystemCall, _ p0: UInt64 = 0, _ p1: UInt64 = 0, _ p2: UInt64 = 0
    ) -> UInt64 {
        system_call(call.rawValue, p0, p1, p2)
    }

    static func exit(_ code: UInt64) -> Never {
        while true { _ = call(.exit, code) }
    }

    static func write(_ parts: Text...) { write(bytes: line(parts)) }

    static func write(bytes: [UInt8]) {
        // SAFETY: the kernel reads the bytes before it returns.
        unsafe bytes.withUnsafeBufferPointer {
            _ = call(.write, UInt64(UInt(bitPattern: $0.baseAddress)), UInt64($0.count))
        }
    }

    static func echo(_ words: ArraySlice<ArraySlice<UInt8>>) -> UInt64 {
        var text: [UInt8] = []
        for word in words {
            if !text.isEmpty { text.append(32) }
            text += word
        }
        write(.bytes(text), "\n")
        return 0
    }

    static func primes(_ limit: UInt64) -> UInt64 {
        guard limit <= 500_000 else {
            write("primes: at most 500000\n")
            return 1
        }
        // One bit for each odd number.
        var composite = [UInt8](repeating: 0, count: Int(limit / 16) + 1)
        var count = limit > 2 ? 1 : 0
        var candidate = 3
        while candidate < Int(limit) {
            if composite[candidate >> 4] & 1 << UInt8((candidate >> 1) & 7) == 0 {
                count += 1
                var multiple = candidate &* candidate
                while multiple < Int(limit) {
                    composite[multiple >> 4] |= 1 << UInt8((multiple >> 1) & 7)
                    multiple += 2 * candidate
                }
            }
            candidate += 2
        }
        write(.decimal(UInt64(count)), " primes below ", .decimal(limit), "\n")
        return 0
    }

    static func spin(seconds: UInt64) -> UInt64 {
        let end = read_time() &+ seconds &* call(.timebase)
        while read_time() < end {}
        return 0
    }
}
