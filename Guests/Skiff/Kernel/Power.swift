import CSkiff
import SkiffABI

extension Kernel {
    /// Switches the machine off. A code goes where it fits: the firmware knows success and failure
    /// and leaves 0xf0000000 upwards to the platform (SBI 2.0, 11.1); the test finisher knows codes.
    func powerOff(code: UInt64) -> Never {
        let reason: UInt64 = code < 2 ? code : 0xf000_0000 | code & 0xffff
        _ = SBI.call(SBI.reset, 0, 0, reason)
        if let finisher = board.finisher {
            store32(finisher, code == 0 ? 0x5555 : UInt32(code & 0xffff) << 16 | 0x3333)
        }
        _ = SBI.call(SBI.reset, 0, 0, 1)
        rest()
    }

    func reboot() -> Never {
        _ = SBI.call(SBI.reset, 0, 1, 0)
        if let finisher = board.finisher { store32(finisher, 0x7777) }
        rest()
    }

    /// The machine cannot be switched off: the hart sleeps.
    private func rest() -> Never {
        console.write("This machine has no switch: it is safe to stop it.\n")
        csr_write_sie(0)
        while true { wait_for_interrupt() }
    }
}
