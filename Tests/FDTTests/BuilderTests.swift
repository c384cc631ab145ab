import FDT
import Testing

/// A board much like the one the machine will describe.
func sampleTree() -> [UInt8] {
    var tree = FDTBuilder()
    let plic = tree.makePhandle()
    let hart = tree.makePhandle()
    tree.reserve(address: 0x8000_0000, size: 0x20_0000)
    tree.property("#address-cells", .u32(2))
    tree.property("#size-cells", .u32(2))
    tree.property("compatible", .strings(["hull,virt", "riscv-virtio"]))
    tree.property("model", .string("hull,virt"))
    tree.node("aliases") { $0.property("serial0", .string("/soc/serial@10000000")) }
    tree.node("chosen") {
        $0.property("bootargs", .string("run=selftest"))
        $0.property("stdout-path", .string("serial0:115200n8"))
        $0.property("rng-seed", .bytes([1, 2, 3, 4, 5]))
        $0.property("linux,initrd-start", .u64(0x8_2345_6789))
    }
    tree.node("cpus") {
        $0.property("#address-cells", .u32(1))
        $0.property("#size-cells", .u32(0))
        $0.property("timebase-frequency", .u32(10_000_000))
        $0.node("cpu@0") {
            $0.property("device_type", .string("cpu"))
            $0.property("compatible", .string("riscv"))
            $0.property("reg", .u32(0))
            $0.node("interrupt-controller") {
                $0.property("compatible", .string("riscv,cpu-intc"))
                $0.property("#address-cells", .u32(0))
                $0.property("#interrupt-cells", .u32(1))
                $0.property("interrupt-controller")
                $0.property("phandle", .phandle(hart))
            }
        }
    }
    tree.node("memory@80000000") {
        $0.property("device_type", .string("memory"))
        $0.property("reg", .reg((0x8000_0000, 0x1_0000_0000)))
    }
    tree.node("soc") {
        $0.property("#address-cells", .u32(2))
        $0.property("#size-cells", .u32(2))
        $0.property("compatible", .string("simple-bus"))
        $0.property("ranges")
        $0.node("serial@10000000") {
            $0.property("compatible", .string("ns16550a"))
            $0.property("reg", .reg((0x1000_0000, 0x100)))
            $0.property("interrupts", .u32(10))
            $0.property("interrupt-parent", .phandle(plic))
        }
        $0.node("plic@c000000") {
            $0.property("compatible", .strings(["sifive,plic-1.0.0", "riscv,plic0"]))
            $0.property("reg", .reg((0xc00_0000, 0x60_0000)))
            $0.property("#address-cells", .u32(0))
            $0.property("#interrupt-cells", .u32(1))
            $0.property("interrupt-controller")
            $0.property("interrupts-extended", .cells([hart.rawValue, 9]))
            $0.property("riscv,ndev", .u32(95))
            $0.property("phandle", .phandle(plic))
        }
    }
    return tree.finish()
}

@Suite struct BuilderTests {
    /// The smallest tree, byte for byte from the Devicetree Specification 0.4, chapter 5.
    @Test func emptyTree() {
        let expected: [UInt32] = [
            0xd00d_feed, 72, 56, 72, 40, 17, 16, 7, 0, 16,
            0, 0, 0, 0,  // one reservation, the terminating one
            1, 0, 2, 9,
        ]
        var bytes: [UInt8] = []
        for word in expected {
            for shift in [24, 16, 8, 0] { bytes.append(UInt8((word >> UInt32(shift)) & 0xff)) }
        }
        #expect(FDTBuilder().finish(bootHart: 7) == bytes)
    }

    @Test func spareBytesBelongToTheTree() throws {
        var tree = FDTBuilder()
        tree.property("ab", .u32(1))
        let plain = tree.finish()
        let roomy = tree.finish(spareBytes: 64)
        #expect(roomy.count == plain.count + 64)
        let reader = try FDTReader(roomy)
        #expect(reader.totalSize == roomy.count && reader.root.property("ab")?.u32 == 1)
        #expect(roomy[8..<plain.count] == plain[8...])
    }

    @Test func propertyIsPaddedAndNamesAreShared() {
        var tree = FDTBuilder()
        tree.property("ab", .bytes([0xaa]))
        tree.node("n@1") { $0.property("ab", .u32(0x0102_0304)) }
        let blob = tree.finish()
        let structure: [UInt8] = [
            0, 0, 0, 1, 0, 0, 0, 0,
            0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 0, 0xaa, 0, 0, 0,
            0, 0, 0, 1, 0x6e, 0x40, 0x31, 0,
            0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 0, 1, 2, 3, 4,
            0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 9,
        ]
        #expect(Array(blob[56..<56 + structure.count]) == structure)
        #expect(Array(blob[(56 + structure.count)...]) == [0x61, 0x62, 0])
    }

    @Test func aNameThatEndsAnotherIsNotTakenForIt() throws {
        var tree = FDTBuilder()
        tree.property("interrupt-parent", .u32(1))
        tree.property("parent", .u32(2))
        let root = try FDTReader(tree.finish()).root
        #expect(root.property("interrupt-parent")?.u32 == 1)
        #expect(root.property("parent")?.u32 == 2)
    }

    @Test func valuesAreBigEndian() {
        #expect(FDTValue.u64(0x0102_0304_0506_0708).encoded == [1, 2, 3, 4, 5, 6, 7, 8])
        #expect(FDTValue.strings(["a", "bc"]).encoded == [0x61, 0, 0x62, 0x63, 0])
        #expect(FDTValue.cells([1, 0x200]).encoded == [0, 0, 0, 1, 0, 0, 2, 0])
        #expect(FDTValue.reg((0x1_0000_0002, 3)).encoded == FDTValue.cells([1, 2, 0, 3]).encoded)
        #expect(FDTValue.empty.encoded.isEmpty)
    }
}
