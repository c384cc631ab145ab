import FDT
import Testing

@Suite struct ReaderTests {
    let tree: FDTReader
    init() throws { tree = try FDTReader(sampleTree()) }

    @Test func nodesInOrder() {
        #expect(
            tree.allNodes.map { $0.name.string } == [
                "", "aliases", "chosen", "cpus", "cpu@0", "interrupt-controller",
                "memory@80000000", "soc", "serial@10000000", "plic@c000000",
            ])
        #expect(
            tree.root.children.map { $0.name.string } == [
                "aliases", "chosen", "cpus", "memory@80000000", "soc",
            ])
        #expect(tree.node(at: "/cpus/cpu@0")?.parent?.name.string == "cpus")
        #expect(tree.root.parent == nil)
    }

    @Test func paths() {
        #expect(tree.node(at: "/")?.property("model")?.string?.string == "hull,virt")
        #expect(tree.node(at: "/soc/serial")?.property("interrupts")?.u32 == 10)
        #expect(tree.node(at: "/soc/serial@10000000")?.name.string == "serial@10000000")
        #expect(tree.node(at: "/soc/serial@2") == nil)
        #expect(tree.node(at: "/soc/seria") == nil)
        #expect(tree.node(at: "serial0:115200n8")?.name.string == "serial@10000000")
        #expect(tree.node(at: "serial1") == nil)
        #expect(tree.node(at: "") == nil)
    }

    @Test func values() {
        let chosen = tree.node(at: "/chosen")
        #expect(chosen?.property("bootargs")?.string?.equals("run=selftest") == true)
        #expect(chosen?.property("linux,initrd-start")?.u64 == 0x8_2345_6789)
        #expect(chosen?.property("linux,initrd-start")?.u32 == nil)
        #expect(chosen?.property("rng-seed").map { Array($0.bytes) } == [1, 2, 3, 4, 5])
        #expect(chosen?.property("rng-seed")?.cells == [0x0102_0304])
        let compatible = tree.root.property("compatible")?.strings.map { $0.string }
        #expect(compatible == ["hull,virt", "riscv-virtio"])
        #expect(tree.root.properties.map { $0.name.string }.count == 4)
    }

    @Test func reg() {
        #expect(
            tree.node(at: "/memory")?.reg
                == [FDTRange(address: 0x8000_0000, size: 0x1_0000_0000)])
        #expect(tree.node(at: "/cpus/cpu")?.reg == [FDTRange(address: 0, size: 0)])
        #expect(tree.reservations == [FDTRange(address: 0x8000_0000, size: 0x20_0000)])
    }

    @Test func regDefaultsAndNonsense() throws {
        var builder = FDTBuilder()
        builder.node("a") { $0.property("reg", .cells([1, 2, 3, 4])) }
        builder.node("b") {
            $0.property("#address-cells", .u32(0xffff_ffff))
            $0.node("c") { $0.property("reg", .cells([1, 2, 3])) }
        }
        builder.node("pci") {
            $0.property("#address-cells", .u32(3))
            $0.property("#size-cells", .u32(0))
            $0.node("device") { $0.property("reg", .cells([0x800, 5, 6])) }
        }
        let tree = try FDTReader(builder.finish())
        #expect(tree.node(at: "/a")?.reg == [FDTRange(address: 0x1_0000_0002, size: 3)])
        #expect(tree.node(at: "/b/c")?.reg == [])
        #expect(
            tree.node(at: "/pci/device")?.reg == [FDTRange(address: 0x5_0000_0006, size: 0)])
    }

    @Test func compatibleAndPhandles() {
        let plic = tree.nodes(compatibleWith: "riscv,plic0")
        #expect(plic.map { $0.name.string } == ["plic@c000000"])
        #expect(tree.nodes(compatibleWith: "plic").isEmpty)
        let parent = tree.node(at: "/soc/serial")?.property("interrupt-parent")?.u32
        #expect(parent.flatMap { tree.node(FDTPhandle($0)) }?.name.string == "plic@c000000")
        #expect(tree.node(FDTPhandle(99)) == nil)
    }

    @Test func disabledNodesAreNotOffered() throws {
        var builder = FDTBuilder()
        for (name, status) in [("a", "okay"), ("b", "disabled"), ("c", "ok"), ("d", "reserved")] {
            builder.node(name) {
                $0.property("compatible", .string("x"))
                $0.property("status", .string(status))
            }
        }
        let tree = try FDTReader(builder.finish())
        #expect(tree.nodes(compatibleWith: "x").map { $0.name.string } == ["a", "c"])
    }

    @Test func aliasesDoNotChase() throws {
        var builder = FDTBuilder()
        builder.node("aliases") { $0.property("a", .string("a")) }
        #expect(try FDTReader(builder.finish()).node(at: "a") == nil)
    }
}
