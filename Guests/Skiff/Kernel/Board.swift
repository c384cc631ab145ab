import CSkiff
import FDT
import SkiffABI

/// A device's registers and its interrupt number at the PLIC (0: none).
struct Device {
    var address: UInt64
    var interrupt: UInt32
    /// Registers of a 16550 may stand further apart than one byte.
    var shift: UInt64 = 0
}

/// What the device tree says about the machine: the only place that Skiff learns it from.
struct Board {
    var hart: UInt64
    var harts: [UInt64] = []
    var model: [UInt8] = []
    var isa: [UInt8] = []
    var timebase: UInt64 = 10_000_000
    var memory = FDTRange(address: 0, size: 0)
    /// Parts of memory that firmware keeps or a boot loader filled.
    var reserved: [FDTRange] = []
    var bootArguments: [UInt8] = []
    var initrd: FDTRange?
    var uart: Device?
    var plic: Device?
    /// Which of the PLIC's contexts interrupts this hart in supervisor mode.
    var plicContext: UInt64 = 0
    /// The machine timer: where `mtime` stands, and this hart's `mtimecmp`.
    var machineTimer: (time: UInt64, compare: UInt64)?
    var finisher: UInt64?
    var clock: UInt64?
    var virtio: [Device] = []

    init?(hart: UInt64, tree address: UInt64) {
        self.hart = hart
        guard load32(address).byteSwapped == 0xd00d_feed else { return nil }
        let count = UInt64(load32(address + 4).byteSwapped)
        guard count < 1 << 17 else { return nil }
        var blob: [UInt8] = []
        blob.reserveCapacity(Int(count))
        for offset in 0..<count { blob.append(load8(address + offset)) }
        guard let tree = try? FDTReader(blob) else { return nil }
        readHarts(tree)
        readMemory(tree)
        readDevices(tree)
    }

    private mutating func readHarts(_ tree: FDTReader) {
        guard let cpus = tree.node(at: "/cpus") else { return }
        var frequency = cpus.property("timebase-frequency")?.u32
        for node in tree.harts {
            guard let number = node.reg.first?.address else { continue }
            harts.append(number)
            if number == hart {
                isa = Self.isa(of: node)
                frequency = frequency ?? node.property("timebase-frequency")?.u32
            }
        }
        if let frequency, frequency > 0 { timebase = UInt64(frequency) }
    }

    /// Extensions as one string, each behind an underscore where the list has them one by one.
    private static func isa(of node: FDTNode) -> [UInt8] {
        if let string = node.property("riscv,isa")?.string { return Array(string.bytes) }
        var text = StaticString("rv64").bytes
        for name in node.property("riscv,isa-extensions")?.strings ?? [] {
            if name.bytes.count > 1 { text.append(UInt8(ascii: "_")) }
            text += name.bytes
        }
        return text
    }

    /// Whether the device tree claims an extension, by its lower-case name.
    func has(_ name: StaticString) -> Bool {
        let parts = isa.split(separator: UInt8(ascii: "_"))
        guard let letters = parts.first?.dropFirst(4) else { return false }
        let name = name.bytes
        if name.count == 1 { return letters.contains(name[0]) || (isG(letters, name[0])) }
        return parts.dropFirst().contains { $0.elementsEqual(name) }
    }

    private func isG(_ letters: ArraySlice<UInt8>, _ letter: UInt8) -> Bool {
        letters.contains(UInt8(ascii: "g")) && StaticString("imafd").bytes.contains(letter)
    }

    private mutating func readMemory(_ tree: FDTReader) {
        if let range = tree.memory(with: address_of_skiff_text_start()) { memory = range }
        reserved = tree.reservedMemory
        bootArguments = tree.bootArguments
        initrd = tree.initrd
    }

    private mutating func readDevices(_ tree: FDTReader) {
        uart = Self.first(tree, ["ns16550a", "ns16550"])
        plic = Self.first(tree, ["sifive,plic-1.0.0", "riscv,plic0"])
        finisher = Self.first(tree, ["sifive,test1", "sifive,test0"])?.address
        clock = Self.first(tree, ["google,goldfish-rtc"])?.address
        for node in tree.nodes(compatibleWith: "virtio,mmio") {
            if let device = Self.device(node) { virtio.append(device) }
        }
        if let node = tree.nodes(compatibleWith: "sifive,plic-1.0.0").first
            ?? tree.nodes(compatibleWith: "riscv,plic0").first
        {
            plicContext = tree.interruptContext(of: node, hart: hart, interrupt: 9)
        }
        if let clint = Self.first(tree, ["sifive,clint0", "riscv,clint0"])?.address {
            machineTimer = (clint + 0xbff8, clint + 0x4000 + 8 * hart)
        } else if let timer = tree.nodes(compatibleWith: "riscv,aclint-mtimer").first?.reg,
            timer.count == 2
        {
            machineTimer = (timer[0].address, timer[1].address + 8 * hart)
        }
    }

    private static func first(_ tree: FDTReader, _ names: [String]) -> Device? {
        for name in names {
            if let node = tree.nodes(compatibleWith: name).first { return device(node) }
        }
        return nil
    }

    private static func device(_ node: FDTNode) -> Device? {
        guard let address = node.reg.first?.address else { return nil }
        return Device(
            address: address, interrupt: node.property("interrupts")?.cells.first ?? 0,
            shift: UInt64(node.property("reg-shift")?.u32 ?? 0) & 7)
    }
}
