import Bits
import HostIO
import TestKit
import Testing

@Suite struct DecompressionTests {
    private static let formats: [(CompressionFormat, String)] = [
        (.gzip, "gzip"), (.zstd, "zstd"), (.xz, "xz"),
    ]
    /// More than a megabyte that shrinks, so that each decoder takes several steps.
    private static let content: [UInt8] = {
        var numbers = SeededNumbers(seed: 7)
        return (0..<5 << 18).map { _ in UInt8(numbers.next() & 15) }
    }()

    @Test func libraryAndProgramAgree() throws {
        for (format, program) in Self.formats {
            let stream = try packed(Self.content, with: program)
            let limit = Self.content.count
            #expect(try Decompression.withLibrary(stream[...], format, limit) == Self.content)
            #expect(try Decompression.withProgram(stream[...], format, limit) == Self.content)
        }
    }

    @Test func theLimitHolds() throws {
        for (format, program) in Self.formats {
            let stream = try packed([UInt8](repeating: 0, count: 8 << 20), with: program)
            for limit in [0, 1, 4 << 20, (8 << 20) - 1] {
                #expect(throws: HullError.self) {
                    _ = try Decompression.withLibrary(stream[...], format, limit)
                }
                #expect(throws: HullError.self) {
                    _ = try Decompression.withProgram(stream[...], format, limit)
                }
            }
        }
    }

    @Test func streamsThatFollowOneAnotherAreOne() throws {
        for (format, program) in Self.formats.prefix(2) {
            let half = try packed(Array("half".utf8), with: program)
            let both = try Decompression.withLibrary((half + half + [0, 0])[...], format, 100)
            #expect(both == Array("halfhalf".utf8))
        }
    }

    @Test func damageIsAnErrorAndNeverACrash() throws {
        for (format, program) in Self.formats {
            let stream = try packed(Array(Self.content.prefix(20000)), with: program)
            let finding = fuzz(seed: 11, rounds: 400, corpus: [stream]) { input, _ in
                do throws(HullError) {
                    let output = try Decompression.withLibrary(input[...], format, 1 << 20)
                    return (output?.count ?? 0) <= 1 << 20 ? nil : "too much output"
                } catch {
                    return error.code == .format ? nil : "\(error)"
                }
            }
            #expect(finding == nil)
            for count in [0, 4, stream.count / 2, stream.count - 1] {
                #expect(throws: HullError.self) {
                    _ = try Decompression.withLibrary(stream[..<count], format, 1 << 20)
                }
                #expect(throws: HullError.self) {
                    _ = try Decompression.withProgram(stream[..<count], format, 1 << 20)
                }
            }
        }
    }

    @Test func aProgramThatIsMissingIsNamed() {
        #expect(throws: HullError.self) { _ = try ChildProcess("hull-no-such-program", []).run() }
        #expect(!ChildProcess.exists("hull-no-such-program") && ChildProcess.exists("sh"))
    }

    @Test func aChildGetsItsInputAndItsStatusComesBack() throws {
        let script = "cat; echo $GREETING >&2; exit 7"
        let input = Self.content[...]
        let outcome = try ChildProcess("sh", ["-c", script], environment: ["GREETING": "hello"])
            .run(input: input)
        #expect(outcome.output[...] == input)
        #expect(outcome.errors == "hello\n" && outcome.status == 7)
        let killed = try ChildProcess("sh", ["-c", "kill -9 $$"]).run(input: input)
        #expect(killed.status == 128 + 9)
        let endless = try ChildProcess("yes", [], outputLimit: 1 << 20).run()
        #expect(endless.exceededLimit && endless.output.count <= 1 << 20)
    }
}
