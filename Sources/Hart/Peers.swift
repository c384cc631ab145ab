import Bits
import GuestMemory

/// The other harts of a machine whose harts run at the same time, each with an engine and on a thread
/// of its own. Where harts run in turns there are none.
package protocol Peers: AnyObject {
    /// The hart's engine is about to make code from this page: from now on every store to it is noticed,
    /// in time for the fences that make it count.
    func watchCode(page: GuestPhysical, by hart: Hart)
    /// The hart stored to a page that holds code: what engines made of it is stale.
    func codeWritten(page: GuestPhysical, by hart: Hart)
    /// `fence.i`: every store that the hart can know of is now seen by its fetches.
    func instructionFence(by hart: Hart)
    /// The hart waits for another, and says so.
    func spin(_ hart: Hart)
    /// Inputs that the hart's own access to a device has changed are seen by its next instruction.
    func takeInputs(_ hart: Hart)
}

extension Hart {
    /// Others run at the same time from here on.
    package func join(_ peers: any Peers) {
        self.peers = peers
        state.pointee.sharesMemory = true
    }

    /// Before an engine makes code from this page: from now on stores to it take the slow path. `also`
    /// are the harts that the engine serves beside this one.
    package func watchCode(page: GuestPhysical, also others: [Unmanaged<Hart>]) {
        if let peers { return peers.watchCode(page: page, by: self) }
        guard !memory.pageFlags(page).contains(.hasCode) else { return }
        memory.setHasCode(page)
        flushStores(to: page)
        for hart in others { hart._withUnsafeGuaranteedRef { $0.flushStores(to: page) } }
    }

    /// The levels of the inputs that the board drives, and the rises of those that are edges.
    package func setInputs(levels: UInt64, rises: UInt64) {
        state.pointee.csr.setInputs(levels: levels, rises: rises)
        state.pointee.attention.insert(.interrupts)
    }
}
