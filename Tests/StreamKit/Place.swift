/// Where things lie in the memory of a stream.
package enum Place {
    package static let ram: UInt64 = 0x8000_0000
    package static let ramBytes: UInt64 = 4 << 20
    package static let rom: UInt64 = 0x1_0000
    package static let romPages = 2
    package static let device: UInt64 = 0x1000_0000

    /// Pages of RAM by number: handlers of both modes, then code, then data.
    static let machineHandler = 0
    static let supervisorHandler = 1
    static let code = 2..<10
    static let data = 10..<22
    /// One instruction that the machine runs on behalf of nobody.
    static let stub = ram + 0x800
    static func page(_ number: Int) -> UInt64 { ram + UInt64(number) << 12 }

    /// In the page of the supervisor's handler: the one of a hypervisor.
    static let hypervisorHandler = page(supervisorHandler) + 0x400

    /// Page tables; nothing else is mapped there.
    static let tables: UInt64 = 0x8020_0000
    /// Those of guests, and the number of pages of all tables.
    static let guestTables: UInt64 = 0x8024_0000
    static let tablePages: UInt64 = 128
    /// Where user mode sees the pages of RAM, as far below the supervisor's own view.
    static let userOffset: UInt64 = 0x4000_0000
    /// A large page over the first 2 MiB, for loads and fetches.
    static let large: UInt64 = 0x1_0000_0000
    /// 64 KiB of pages 16 and up.
    static let napot: UInt64 = 0x4100_0000
    /// The upper half of the address space.
    static let high: UInt64 = 0xffff_ffff_8000_0000
    static let odds: UInt64 = 0x5000_0000
}
