import GuestMemory
import Virtio

extension Machine {
    /// The board's side of its drives, in the order of their slots. Where time follows instructions, data
    /// land when completions are delivered, and at no other moment; else back ends may move them.
    static func blockDevices(
        _ board: Board, _ parts: MachineParts, _ memory: GuestMemory
    ) -> [VirtioBlock] {
        parts.drives.enumerated().map { slot, drive in
            VirtioBlock(
                device: slot, byteCount: drive.byteCount, isReadOnly: drive.isReadOnly,
                identification: Array("drive\(slot)".utf8),
                queueCount: board.hartCount,
                movesDirectly: parts.clock == .host && drive.reach(memory))
        }
    }
}
