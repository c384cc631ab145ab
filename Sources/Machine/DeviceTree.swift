import Bits
import FDT
import RISCV

/// What the device tree says of one boot, beside the board itself.
package struct BootChoice: Sendable, Equatable {
    package var arguments: String?
    package var initialRAMDisk: GuestRange?
    /// Entropy for the kernel's first random numbers; it comes from outside.
    package var seed: [UInt8]
    /// U-Boot does not wait for somebody who may want to type; a key pressed before still stops it.
    package var startsAtOnce: Bool
    package init(
        arguments: String? = nil, initialRAMDisk: GuestRange? = nil, seed: [UInt8] = [],
        startsAtOnce: Bool = false
    ) {
        self.startsAtOnce = startsAtOnce
        self.arguments = arguments
        self.initialRAMDisk = initialRAMDisk
        self.seed = seed
    }
}

extension Board {
    /// Ticks of `time` a second.
    package static let timebaseFrequency: UInt32 = 10_000_000
    /// The block size of Zicbom and Zicboz, in bytes.
    package static let cacheBlockBytes: UInt32 = 64

    /// The flattened device tree that describes this board (Devicetree Specification 0.4 and the
    /// Linux kernel's bindings).
    package func deviceTree(_ choice: BootChoice = BootChoice()) -> [UInt8] {
        var tree = FDTBuilder()
        tree.property("#address-cells", .u32(2))
        tree.property("#size-cells", .u32(2))
        tree.property("compatible", .strings(["hull,virt", "riscv-virtio"]))
        tree.property("model", .string("Hull virt"))
        let numbers = Phandles(&tree, hartCount: hartCount)
        tree.node("chosen") { Self.describe(choice, &$0) }
        if choice.startsAtOnce { tree.node("config") { $0.property("bootdelay", .u32(0)) } }
        tree.node("aliases") { $0.property("serial0", .string(Self.uartPath)) }
        tree.node("memory@" + unit(AddressMap.ramStart)) {
            $0.property("device_type", .string("memory"))
            $0.property("reg", .reg((AddressMap.ramStart, ramBytes)))
        }
        tree.node("cpus") { describeHarts(numbers, &$0) }
        tree.node("soc") {
            $0.property("#address-cells", .u32(2))
            $0.property("#size-cells", .u32(2))
            $0.property("compatible", .string("simple-bus"))
            $0.property("ranges")
            describeInterruptControllers(numbers, &$0)
            describeDevices(numbers, &$0)
        }
        Self.describeSyscon("poweroff", value: 0x5555, numbers, &tree)
        Self.describeSyscon("reboot", value: 0x7777, numbers, &tree)
        return tree.finish(spareBytes: Self.spareTreeBytes)
    }

    /// U-Boot copies the tree to just below its own data, and adds the kernel's arguments in place
    /// (`fdt_high` is ~0 for this board): without room it overwrites itself.
    private static let spareTreeBytes = 4096

    private static let uartPath = "/soc/serial@" + unit(AddressMap.uart.start)

    private struct Phandles {
        var harts: [FDTPhandle] = []
        var hartInterrupts: [FDTPhandle] = []
        let plic: FDTPhandle
        let finisher: FDTPhandle
        init(_ tree: inout FDTBuilder, hartCount: Int) {
            for _ in 0..<hartCount {
                harts.append(tree.makePhandle())
                hartInterrupts.append(tree.makePhandle())
            }
            plic = tree.makePhandle()
            finisher = tree.makePhandle()
        }
        /// Each hart's interrupt controller with each of these causes.
        func wires(_ causes: [UInt32]) -> FDTValue {
            .cells(hartInterrupts.flatMap { hart in causes.flatMap { [hart.rawValue, $0] } })
        }
    }

    private static func describe(_ choice: BootChoice, _ tree: inout FDTBuilder) {
        if let arguments = choice.arguments { tree.property("bootargs", .string(arguments)) }
        tree.property("stdout-path", .string(uartPath))
        if let range = choice.initialRAMDisk {
            tree.property("linux,initrd-start", .u64(range.start.rawValue))
            tree.property("linux,initrd-end", .u64((range.start + range.count).rawValue))
        }
        if !choice.seed.isEmpty { tree.property("rng-seed", .bytes(choice.seed)) }
    }

    private func describeHarts(_ numbers: Phandles, _ tree: inout FDTBuilder) {
        tree.property("#address-cells", .u32(1))
        tree.property("#size-cells", .u32(0))
        tree.property("timebase-frequency", .u32(Self.timebaseFrequency))
        for hart in 0..<hartCount {
            tree.node("cpu@" + unit(UInt64(hart))) {
                $0.property("phandle", .phandle(numbers.harts[hart]))
                $0.property("device_type", .string("cpu"))
                $0.property("reg", .u32(UInt32(hart)))
                $0.property("status", .string("okay"))
                $0.property("compatible", .string("riscv"))
                $0.property("riscv,isa", .string(isa.text))
                $0.property("riscv,isa-base", .string("rv64i"))
                $0.property("riscv,isa-extensions", .strings(isa.extensions.map(\.name)))
                if isa.has(.zicbom) {
                    $0.property("riscv,cbom-block-size", .u32(Self.cacheBlockBytes))
                }
                if isa.has(.zicboz) {
                    $0.property("riscv,cboz-block-size", .u32(Self.cacheBlockBytes))
                }
                if isa.has(.zicbop) {
                    $0.property("riscv,cbop-block-size", .u32(Self.cacheBlockBytes))
                }
                $0.property("mmu-type", .string("riscv,sv57"))
                $0.node("interrupt-controller") {
                    $0.property("phandle", .phandle(numbers.hartInterrupts[hart]))
                    $0.property("compatible", .string("riscv,cpu-intc"))
                    $0.property("#address-cells", .u32(0))
                    $0.property("#interrupt-cells", .u32(1))
                    $0.property("interrupt-controller")
                }
            }
        }
        tree.node("cpu-map") {
            $0.node("cluster0") {
                for hart in 0..<hartCount {
                    $0.node("core\(hart)") {
                        $0.property("cpu", .phandle(numbers.harts[hart]))
                    }
                }
            }
        }
    }

    private func describeInterruptControllers(_ numbers: Phandles, _ tree: inout FDTBuilder) {
        let clint = AddressMap.clint
        tree.node("clint@" + unit(clint.start)) {
            $0.property("compatible", .strings(["sifive,clint0", "riscv,clint0"]))
            $0.property("reg", .reg((clint.start, clint.count)))
            $0.property("interrupts-extended", numbers.wires([3, 7]))
        }
        let sswi = AddressMap.supervisorSoftware
        tree.node("interrupt-controller@" + unit(sswi.start)) {
            $0.property("compatible", .string("riscv,aclint-sswi"))
            $0.property("reg", .reg((sswi.start, sswi.count)))
            $0.property("#address-cells", .u32(0))
            $0.property("#interrupt-cells", .u32(0))
            $0.property("interrupt-controller")
            $0.property("interrupts-extended", numbers.wires([1]))
        }
        let plic = AddressMap.plic
        tree.node("plic@" + unit(plic.start)) {
            $0.property("phandle", .phandle(numbers.plic))
            $0.property("compatible", .strings(["sifive,plic-1.0.0", "riscv,plic0"]))
            $0.property("reg", .reg((plic.start, plic.count)))
            $0.property("#address-cells", .u32(0))
            $0.property("#interrupt-cells", .u32(1))
            $0.property("interrupt-controller")
            $0.property("riscv,ndev", .u32(UInt32(AddressMap.interruptSourceCount)))
            $0.property("interrupts-extended", numbers.wires([11, 9]))
        }
    }

    private func describeDevices(_ numbers: Phandles, _ tree: inout FDTBuilder) {
        func device(_ name: String, _ window: Window, _ compatible: [String]) {
            tree.begin(name + "@" + unit(window.start))
            tree.property("compatible", .strings(compatible))
            tree.property("reg", .reg((window.start, window.count)))
            guard let line = window.line else { return }
            tree.property("interrupts", .u32(UInt32(line)))
            tree.property("interrupt-parent", .phandle(numbers.plic))
        }
        device("test", AddressMap.finisher, ["sifive,test1", "sifive,test0", "syscon"])
        tree.property("phandle", .phandle(numbers.finisher))
        tree.end()
        device("rtc", AddressMap.rtc, ["google,goldfish-rtc"])
        tree.end()
        device("serial", AddressMap.uart, ["ns16550a"])
        tree.property("clock-frequency", .u32(3_686_400))
        tree.end()
        for slot in 0..<AddressMap.virtioSlotCount {
            device("virtio_mmio", AddressMap.virtio(slot: slot), ["virtio,mmio"])
            tree.property("dma-coherent")
            tree.end()
        }
    }

    private static func describeSyscon(
        _ name: String, value: UInt32, _ numbers: Phandles, _ tree: inout FDTBuilder
    ) {
        tree.node(name) {
            $0.property("compatible", .string("syscon-" + name))
            $0.property("regmap", .phandle(numbers.finisher))
            $0.property("offset", .u32(0))
            $0.property("value", .u32(value))
        }
    }
}

/// A unit address, without prefix as the device tree writes it.
private func unit(_ value: UInt64) -> String { String(value, radix: 16) }
