import Bits
import Effects
import Foundation
import GuestMemory
import Hart
import HostIO
import Journal
import Loader
import Machine
import TestKit
import Translator

/// One litmus test, and how it orders its accesses.
struct Litmus: Sendable, CustomStringConvertible {
    enum Shape: String, CaseIterable, Sendable {
        case messagePassing = "MP"
        case storeBuffering = "SB"
        case loadBuffering = "LB"
        case independentReads = "IRIW"

        var hartCount: Int { self == .independentReads ? 4 : 2 }
        /// The outcome that ordered accesses never give: two bits for each hart, r0 and r1.
        var forbidden: Int {
            switch self {
            case .messagePassing: 0b01_00
            case .storeBuffering: 0b00_00
            case .loadBuffering: 0b01_01
            case .independentReads: 0b01_01_00_00
            }
        }
    }
    enum Order: String, CaseIterable, Sendable {
        case none = "NONE"
        case fence = "FENCE"
        case acquireRelease = "AQRL"
    }
    var shape: Shape
    var order: Order
    var description: String { "\(shape.rawValue) \(order.rawValue)" }

    static let instancesPerRound = 64
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Programs").path

    private func program(rounds: Int) throws -> LoadPlan {
        try withTemporaryFolder { folder in
            let object = folder.appendingPathComponent("object").path
            let result = folder.appendingPathComponent("program")
            try Self.run(
                "clang",
                [
                    "--target=riscv64-none-none-eabi", "-march=rv64gc", "-mabi=lp64d",
                    "-mno-relax", "-DTEST_\(shape.rawValue)", "-DORDER_\(order.rawValue)",
                    "-DROUNDS=\(rounds)", "-c", "\(Self.folder)/litmus.S", "-o", object,
                ])
            try Self.run("ld.lld", ["-T", "\(Self.folder)/link.ld", object, "-o", result.path])
            return try LoadPlan(Array(try Data(contentsOf: result)), LoadOptions(name: description))
            {
                _, _, _ throws(HullError) in
                throw HullError(.format, "A litmus test is never compressed.")
            }
        }
    }
    private static func run(_ program: String, _ arguments: [String]) throws {
        let outcome = try Toolchain.run(program, arguments)
        guard outcome.status == 0 else { throw ToolchainFailure(message: outcome.errors) }
    }

    /// Runs so many instances on harts that run at the same time; how often each outcome came.
    func run(
        instances: Int, makeEngine: @escaping (GuestMemory) -> any Engine
    ) throws -> [UInt64] {
        let plan = try program(rounds: max(instances / Self.instancesPerRound, 1))
        let board = try Board(hartCount: shape.hartCount, ramBytes: 16 << 20)
        let tree = GuestPhysical(0x80f0_0000)
        var pieces = plan.segments.map {
            BootPiece($0.address, plan.bytes[$0.file], zeroFill: $0.zeroFill)
        }
        pieces.append(BootPiece(tree, board.deviceTree()[...]))
        let machine = try Machine(
            board,
            BootPlan(
                start: .machineMode(entry: plan.entry, nextStage: nil), pieces: pieces,
                deviceTree: tree),
            MachineParts(endsAtReset: true, startThread: startThread, makeEngine: makeEngine))
        let end = try machine.run()
        guard end.exitCode == 0 else {
            throw ToolchainFailure(message: "\(self) ended with \(end.exitCode)")
        }
        return (0..<256).map {
            machine.memory.load64(GuestPhysical(0x8020_0000 + UInt64($0) * 8)) ?? 0
        }
    }
}

func startThread(_ name: String, _ run: @escaping @Sendable () -> Void) throws(HullError) -> () ->
    Void
{
    let thread = try HostThread(name, stackBytes: 2 << 20, run)
    return { thread.join() }
}

/// An engine of a hart that shares memory with others.
func translator(_ memory: GuestMemory, fault: TranslatorFault? = nil) -> any Engine {
    var options = TranslatorOptions()
    options.sharesMemory = true
    options.cacheBytes = 4 << 20
    options.fault = fault
    return Translator(memory: memory, options: options) ?? Interpreter(memory: memory)
}
