import CSkiff

/// The registers of what was interrupted, as trap.S lays them down.
struct TrapFrame {
    static let count: UInt64 = 36 * 8
    let address: UInt64

    func x(_ index: UInt64) -> UInt64 { load64(address + 8 * index) }
    func setX(_ index: UInt64, _ value: UInt64) { store64(address + 8 * index, value) }

    var pc: UInt64 {
        get { load64(address + 32 * 8) }
        nonmutating set { store64(address + 32 * 8, newValue) }
    }
    var status: UInt64 {
        get { load64(address + 33 * 8) }
        nonmutating set { store64(address + 33 * 8, newValue) }
    }
    var cause: UInt64 { load64(address + 34 * 8) }
    var value: UInt64 { load64(address + 35 * 8) }
    var isFromUser: Bool { status & Status.spp == 0 }
    var isInterrupt: Bool { cause >> 63 != 0 }
}
