import Bits
import Devices
import FDT
import RISCV

/// The device tree of a world's board (Devicetree Specification 0.4 and the Linux kernel's
/// bindings).
package struct GuestTree {
    package var ram: GuestRAM
    package var isa: ISA
    package var largestMode: PageTableMode
    package var ticksPerSecond: UInt32
    package var arguments: [UInt8] = []
    package var initrd: GuestRange?

    package init(
        ram: GuestRAM, isa: ISA, largestMode: PageTableMode, ticksPerSecond: UInt32
    ) {
        self.ram = ram
        self.isa = isa
        self.largestMode = largestMode
        self.ticksPerSecond = ticksPerSecond
    }

    package func blob() -> [UInt8] {
        var tree = FDTBuilder()
        tree.property("#address-cells", .u32(2))
        tree.property("#size-cells", .u32(2))
        tree.property("compatible", .strings(["hull,keel", "riscv-virtio"]))
        tree.property("model", .string("Keel"))
        let hart = tree.makePhandle()
        let wires = tree.makePhandle()
        let plic = tree.makePhandle()
        let finisher = tree.makePhandle()
        tree.node("chosen") { choose(&$0) }
        tree.node("aliases") { $0.property("serial0", .string("/soc/serial@10000000")) }
        tree.node("memory@80000000") {
            $0.property("device_type", .string("memory"))
            $0.property("reg", .reg((GuestRAM.start, ram.count)))
        }
        tree.node("cpus") { describeHart(hart, wires, &$0) }
        tree.node("soc") {
            $0.property("#address-cells", .u32(2))
            $0.property("#size-cells", .u32(2))
            $0.property("compatible", .string("simple-bus"))
            $0.property("ranges")
            Self.describeInterruptControllers(wires, plic, &$0)
            Self.describeDevices(plic, finisher, &$0)
        }
        Self.describeSyscon("poweroff", "syscon-poweroff", 0x5555, finisher, &tree)
        Self.describeSyscon("reboot", "syscon-reboot", 0x7777, finisher, &tree)
        return tree.finish()
    }

    private func choose(_ tree: inout FDTBuilder) {
        if !arguments.isEmpty { tree.property("bootargs", .bytes(arguments + [0])) }
        tree.property("stdout-path", .string("/soc/serial@10000000"))
        if let initrd {
            tree.property("linux,initrd-start", .u64(initrd.start.rawValue))
            tree.property("linux,initrd-end", .u64(initrd.start.rawValue &+ initrd.count))
        }
    }

    private func describeHart(
        _ hart: FDTPhandle, _ wires: FDTPhandle, _ tree: inout FDTBuilder
    ) {
        tree.property("#address-cells", .u32(1))
        tree.property("#size-cells", .u32(0))
        tree.property("timebase-frequency", .u32(ticksPerSecond))
        tree.node("cpu@0") {
            $0.property("phandle", .phandle(hart))
            $0.property("device_type", .string("cpu"))
            $0.property("reg", .u32(0))
            $0.property("status", .string("okay"))
            $0.property("compatible", .string("riscv"))
            $0.property("riscv,isa", .bytes(GuestISA.text(isa) + [0]))
            switch largestMode {
            case .bare: break
            case .sv39: $0.property("mmu-type", .string("riscv,sv39"))
            case .sv48: $0.property("mmu-type", .string("riscv,sv48"))
            case .sv57: $0.property("mmu-type", .string("riscv,sv57"))
            }
            $0.node("interrupt-controller") {
                $0.property("phandle", .phandle(wires))
                $0.property("compatible", .string("riscv,cpu-intc"))
                $0.property("#address-cells", .u32(0))
                $0.property("#interrupt-cells", .u32(1))
                $0.property("interrupt-controller")
            }
        }
    }

    private static func describeInterruptControllers(
        _ wires: FDTPhandle, _ plic: FDTPhandle, _ tree: inout FDTBuilder
    ) {
        tree.node("clint@2000000") {
            $0.property("compatible", .strings(["sifive,clint0", "riscv,clint0"]))
            $0.property("reg", .reg((BoardMap.clint, ACLINT.windowBytes)))
            $0.property("interrupts-extended", .cells([wires.rawValue, 3, wires.rawValue, 7]))
        }
        tree.node("plic@c000000") {
            $0.property("phandle", .phandle(plic))
            $0.property("compatible", .strings(["sifive,plic-1.0.0", "riscv,plic0"]))
            $0.property("reg", .reg((BoardMap.plic, PLIC.windowBytes)))
            $0.property("#address-cells", .u32(0))
            $0.property("#interrupt-cells", .u32(1))
            $0.property("interrupt-controller")
            $0.property("riscv,ndev", .u32(95))
            $0.property("interrupts-extended", .cells([wires.rawValue, 11, wires.rawValue, 9]))
        }
    }

    private static func describeDevices(
        _ plic: FDTPhandle, _ finisher: FDTPhandle, _ tree: inout FDTBuilder
    ) {
        func line(_ number: Int, _ tree: inout FDTBuilder) {
            tree.property("interrupts", .u32(UInt32(number)))
            tree.property("interrupt-parent", .phandle(plic))
        }
        tree.node("test@100000") {
            $0.property("compatible", .strings(["sifive,test1", "sifive,test0", "syscon"]))
            $0.property("reg", .reg((BoardMap.finisher, Finisher.windowBytes)))
            $0.property("phandle", .phandle(finisher))
        }
        tree.node("rtc@101000") {
            $0.property("compatible", .string("google,goldfish-rtc"))
            $0.property("reg", .reg((BoardMap.clock, RTC.windowBytes)))
            line(BoardMap.clockLine, &$0)
        }
        tree.node("serial@10000000") {
            $0.property("compatible", .string("ns16550a"))
            $0.property("reg", .reg((BoardMap.uart, UART.windowBytes)))
            line(BoardMap.uartLine, &$0)
            $0.property("clock-frequency", .u32(3_686_400))
        }
        tree.node("virtio_mmio@10001000") {
            $0.property("compatible", .string("virtio,mmio"))
            $0.property("reg", .reg((BoardMap.disk, VirtioTransport.windowBytes)))
            line(BoardMap.diskLine, &$0)
        }
        tree.node("virtio_mmio@10002000") {
            $0.property("compatible", .string("virtio,mmio"))
            $0.property("reg", .reg((BoardMap.console, VirtioTransport.windowBytes)))
            line(BoardMap.consoleLine, &$0)
        }
    }

    private static func describeSyscon(
        _ name: String, _ compatible: String, _ value: UInt32, _ finisher: FDTPhandle,
        _ tree: inout FDTBuilder
    ) {
        tree.node(name) {
            $0.property("compatible", .string(compatible))
            $0.property("regmap", .phandle(finisher))
            $0.property("offset", .u32(0))
            $0.property("value", .u32(value))
        }
    }
}
