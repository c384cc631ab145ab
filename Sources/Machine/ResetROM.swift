/// The code at the reset vector: it hands over the hart's id, the device tree and where firmware
/// finds its next stage, and jumps.
package struct ResetROM: Sendable, Equatable {
    /// Where harts go.
    package var start: UInt64
    package var deviceTree: UInt64
    /// What OpenSBI's `fw_dynamic` starts next, in S-mode; 0: it is told nothing.
    package var nextStage: UInt64

    package init(start: UInt64, deviceTree: UInt64, nextStage: UInt64) {
        self.start = start
        self.deviceTree = deviceTree
        self.nextStage = nextStage
    }

    private static let code: [UInt32] = [
        0x0000_0297,  // auipc t0, 0
        0x0282_8613,  // addi  a2, t0, 40     the structure below
        0xf140_2573,  // csrr  a0, mhartid
        0x0202_b583,  // ld    a1, 32(t0)
        0x0182_b283,  // ld    t0, 24(t0)
        0x0002_8067,  // jr    t0
    ]
    /// OpenSBI, `include/sbi/fw_dynamic.h`: magic, version, address, mode, options, boot hart.
    private static let magic: UInt64 = 0x4942_534f
    private static let version: UInt64 = 2
    private static let supervisorMode: UInt64 = 1

    package var bytes: [UInt8] {
        var result: [UInt8] = []
        func append(_ value: UInt64, count: Int) {
            for index in 0..<count {
                result.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * index)))
            }
        }
        for word in Self.code { append(UInt64(word), count: 4) }
        append(start, count: 8)
        append(deviceTree, count: 8)
        for word in [Self.magic, Self.version, nextStage, Self.supervisorMode, 0, 0] {
            append(word, count: 8)
        }
        return result
    }
}
