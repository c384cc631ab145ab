import CSkiff
import FDT
import SkiffABI

/// A virtio block device behind virtio-mmio version 2 (virtio 1.2, 4.2.2 and 5.2): one request at a
/// time, of three descriptors.
final class VirtioBlock {
    enum Operation: UInt32 {
        case read = 0
        case write = 1
        case flush = 4
        case identity = 8
    }
    enum Status: UInt8 {
        case ok = 0
        case failed = 1
        case unsupported = 2
        case absent = 255
    }
    private enum Register {
        static let magic: UInt64 = 0x00
        static let version: UInt64 = 0x04
        static let deviceType: UInt64 = 0x08
        static let deviceFeatures: UInt64 = 0x10
        static let deviceFeaturesSelect: UInt64 = 0x14
        static let driverFeatures: UInt64 = 0x20
        static let driverFeaturesSelect: UInt64 = 0x24
        static let queueSelect: UInt64 = 0x30
        static let queueCountMax: UInt64 = 0x34
        static let queueCount: UInt64 = 0x38
        static let queueReady: UInt64 = 0x44
        static let queueNotify: UInt64 = 0x50
        static let interruptStatus: UInt64 = 0x60
        static let interruptAcknowledge: UInt64 = 0x64
        static let status: UInt64 = 0x70
        static let descriptors: UInt64 = 0x80
        static let driverArea: UInt64 = 0x90
        static let deviceArea: UInt64 = 0xa0
        static let configuration: UInt64 = 0x100
    }
    private static let queueCount: UInt64 = 8
    private static let readOnlyFeature: UInt32 = 1 << 5
    private static let flushFeature: UInt32 = 1 << 9

    let device: Device
    let isReadOnly: Bool
    let canFlush: Bool
    /// In sectors of 512 bytes.
    let capacity: UInt64
    /// One page: descriptors, the available ring at 0x200, the used ring at 0x400, then a
    /// request's header at 0x600 and status at 0x610.
    private let queue: UInt64
    /// Where the data of a request lie: one page.
    let buffer: UInt64
    private var seen: UInt16 = 0
    /// How many requests were announced by an interrupt.
    private(set) var interruptCount = 0

    init?(_ device: Device, _ kernel: Kernel) {
        self.device = device
        func read(_ register: UInt64) -> UInt32 { load32(device.address + register) }
        func write(_ register: UInt64, _ value: UInt32) {
            store32(device.address + register, value)
        }
        func write64(_ register: UInt64, _ value: UInt64) {
            write(register, UInt32(truncatingIfNeeded: value))
            write(register + 4, UInt32(truncatingIfNeeded: value >> 32))
        }
        guard read(Register.magic) == 0x7472_6976, read(Register.version) == 2,
            read(Register.deviceType) == 2, let queue = kernel.pages.allocate(),
            let buffer = kernel.pages.allocate()
        else { return nil }
        self.queue = queue
        self.buffer = buffer
        // The order of virtio 1.2, 3.1.1.
        write(Register.status, 0)
        while read(Register.status) != 0 {}
        write(Register.status, 1)
        write(Register.status, 1 | 2)
        write(Register.deviceFeaturesSelect, 0)
        let offered = read(Register.deviceFeatures)
        let wanted = offered & (Self.readOnlyFeature | Self.flushFeature)
        isReadOnly = wanted & Self.readOnlyFeature != 0
        canFlush = wanted & Self.flushFeature != 0
        write(Register.deviceFeaturesSelect, 1)
        let isModern = read(Register.deviceFeatures) & 1 != 0
        write(Register.driverFeaturesSelect, 0)
        write(Register.driverFeatures, wanted)
        write(Register.driverFeaturesSelect, 1)
        write(Register.driverFeatures, 1)
        write(Register.status, 1 | 2 | 8)
        capacity =
            UInt64(read(Register.configuration)) | UInt64(read(Register.configuration + 4)) << 32
        guard isModern, read(Register.status) & 8 != 0 else {
            write(Register.status, 128)
            return nil
        }
        write(Register.queueSelect, 0)
        guard read(Register.queueReady) == 0, read(Register.queueCountMax) >= Self.queueCount else {
            write(Register.status, 128)
            return nil
        }
        write(Register.queueCount, UInt32(Self.queueCount))
        write64(Register.descriptors, queue)
        write64(Register.driverArea, queue + 0x200)
        write64(Register.deviceArea, queue + 0x400)
        write(Register.queueReady, 1)
        write(Register.status, 1 | 2 | 8 | 4)
    }

    func acknowledge() {
        let causes = load32(device.address + Register.interruptStatus)
        store32(device.address + Register.interruptAcknowledge, causes)
        interruptCount += 1
    }

    /// Runs a request on `count` bytes of `buffer`; the calling process rests meanwhile.
    func run(_ operation: Operation, sector: UInt64, count: UInt32, _ kernel: Kernel) -> Status {
        let header = queue + 0x600
        let status = queue + 0x610
        store32(header, operation.rawValue)
        store32(header + 4, 0)
        store64(header + 8, sector)
        store8(status, Status.absent.rawValue)
        let next: UInt16 = 1
        let deviceWrites: UInt16 = 2
        describe(0, header, 16, next)
        if count > 0 {
            describe(1, buffer, count, next | (operation == .write ? 0 : deviceWrites))
            describe(2, status, 1, deviceWrites)
        } else {
            describe(1, status, 1, deviceWrites)
        }
        let available = queue + 0x200
        let index = load16(available + 2)
        store16(available + 4 + 2 * (UInt64(index) % Self.queueCount), 0)
        fence_memory()
        store16(available + 2, index &+ 1)
        fence_memory()
        store32(device.address + Register.queueNotify, 0)
        seen &+= 1
        while load16(queue + 0x402) != seen {
            if kernel.current.slot == 0
                && kernel.processes.allSatisfy({ $0.slot == 0 || $0.state != .ready })
            {
                wait_for_interrupt()
                kernel.takeInterrupts()
            } else {
                kernel.wait()
            }
        }
        fence_memory()
        return Status(rawValue: load8(status)) ?? .absent
    }

    private func describe(_ index: UInt64, _ address: UInt64, _ count: UInt32, _ flags: UInt16) {
        let descriptor = queue + 16 * index
        store64(descriptor, address)
        store32(descriptor + 8, count)
        store16(descriptor + 12, flags)
        store16(descriptor + 14, UInt16(index) + 1)
    }
}
