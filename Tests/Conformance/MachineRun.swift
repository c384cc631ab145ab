import Bits
import Effects
import EngineKit
import GuestMemory
import Hart
import Journal
import Loader
import Machine
import RISCV

extension LoadPlan {
    /// The same program out of reset on the whole board; the status that it ends with.
    func runOnTheBoard(isa: ISA, engine: EngineChoice) throws -> Int {
        let board = try Board(isa: isa, ramBytes: 16 << 20)
        let tree = GuestPhysical(0x80f0_0000)
        let pieces = segments.map {
            BootPiece($0.address, bytes[$0.file], zeroFill: $0.zeroFill)
        }
        let machine = try Machine(
            board,
            BootPlan(
                start: .machineMode(entry: entry, nextStage: nil),
                pieces: pieces + [BootPiece(tree, board.deviceTree()[...])], deviceTree: tree),
            MachineParts(clock: .instructions(megahertz: 100), endsAtReset: true) {
                engine.make($0)
            })
        return Int(try machine.run().exitCode)
    }
}
