import Hart
import RISCV

/// A decision of the translator, for traces and profiles.
package enum TranslationEvent: Sendable, Equatable {
    case translated(TranslatedUnit)
    case retranslated(TranslatedUnit, RetranslationReason)
    /// The jump whose displacement is at this executable address leads to the unit at guest address `to` from here on.
    case chained(jump: UInt64, to: UInt64)
    /// All units of a guest-physical page are gone.
    case invalidated(page: UInt64, units: UInt64, InvalidationReason)
    /// A region of the code buffer was emptied to be filled again, and with it these pages' units.
    case evicted(region: Int, pages: Int)
    /// Every unit is gone: a debugger changed its stops.
    case forgotten
}

package enum RetranslationReason: String, Sendable, Equatable {
    case hotLoop = "a hot loop gets registers of its own"
    case failingChecks = "a check for several accesses keeps failing"
}

package enum InvalidationReason: String, Sendable, Equatable {
    case store = "the guest stored to it"
    case outsideWrite = "a device or the machine wrote to it"
    case otherHart = "a hart that runs at the same time wrote to it"
}

/// A unit and the fragment that was made of it.
package struct TranslatedUnit: Sendable, Equatable {
    package var pc: UInt64
    package var physical: UInt64
    package var privilege: Privilege
    package var guestCount: Int
    /// Executable address and length of the host code.
    package var code: UInt64
    package var hostBytes: Int

    init(_ fragment: Fragment, _ hart: Hart) {
        pc = fragment.pc
        physical = fragment.physical
        privilege = hart.privilege
        guestCount = Int(fragment.guestCount)
        code = fragment.code
        hostBytes = Int(fragment.hostBytes)
    }
}

extension Translator {
    /// Told of each decision from here on.
    package func observe(_ observer: @escaping (TranslationEvent) -> Void) {
        cache.pointee.observer = observer
    }
    /// The host code that all units share: executable address and length.
    package var sharedCode: (code: UInt64, hostBytes: Int) { cache.pointee.sharedCode }
}

extension TranslationCache {
    var sharedCode: (code: UInt64, hostBytes: Int) {
        let start = UInt64(UInt(bitPattern: buffer.writable + buffer.executableOffset))
        return (start, Int(thunks.end &- start))
    }
    /// Where the displacement lies that is patched when an exit is chained.
    func displacement(ofRecord record: Int) -> Int { exit(record).patch }
    /// The same as an executable address.
    func hostAddress(ofRecord record: Int) -> UInt64 {
        let code = buffer.writable + buffer.executableOffset + displacement(ofRecord: record)
        return UInt64(UInt(bitPattern: code))
    }
}
