import Bits
import RISCV
import SBI

/// The rules that keep a guest within its world: what it tried that was not its to do. The guest gets
/// the fault that a board without the thing would give it, and runs on.
package enum Containment: UInt8, Sendable, CaseIterable {
    case memory, pageTable, device, hart, machine, hypervisor, reset

    /// What is said of it, before a value: an address, an instruction's bits, a mask of harts, a code.
    var sentence: StaticString {
        switch self {
        case .memory: "stopped an access outside its memory at "
        case .pageTable: "stopped the use of a page table outside its memory at "
        case .device: "stopped an access to a device it was not given at "
        case .hart: "stopped a reach for harts it was not given: "
        case .machine: "stopped an instruction that only machine mode has: "
        case .hypervisor: "stopped an instruction that only a hypervisor has: "
        case .reset: "its end is its own, and the others run on: code "
        }
    }

    /// The rule for a physical address where nothing of the world answers; nil where a device of its
    /// own refused, as the board's would.
    init?(nobodyAt address: GuestPhysical) {
        let raw = address.rawValue
        if raw >= GuestRAM.start {
            self = .memory
        } else if BoardMap.isClaimed(raw) {
            return nil
        } else {
            self = .device
        }
    }

    /// The rule for an instruction that is illegal for the guest's kernel; nil for one that is illegal
    /// for whoever executes it.
    init?(refused bits: UInt32, _ privilege: Privilege) {
        guard bits & 0x7f == 0x73, privilege != .user else { return nil }
        let function = bits &>> 25
        switch (bits &>> 12) & 7 {
        // hfence.vvma, hfence.gvma, and hinval beside them; hlv and hsv (§18.3).
        case 0 where [0x11, 0x31, 0x13, 0x33].contains(function): self = .hypervisor
        case 0 where bits == 0x3020_0073 && privilege == .supervisor: self = .machine
        case 4: self = .hypervisor
        case 0: return nil
        default:
            // Bits 9 and 8 of a CSR's number are the mode that it belongs to (§2.1).
            switch (bits &>> 28) & 3 {
            case 2: self = .hypervisor
            case 3 where privilege == .supervisor: self = .machine
            default: return nil
            }
        }
    }
}

extension World {
    /// Says so once for each rule: a flood of lines would reach beyond the world as well.
    package mutating func note(_ rule: Containment, _ value: UInt64) {
        let bit: UInt8 = 1 &<< rule.rawValue
        guard noted & bit == 0 else { return }
        noted |= bit
        log.append(text: "keel: guest ")
        log.append(decimal: UInt64(number))
        log.append(text: ": ")
        log.append(text: rule.sentence)
        log.append(hex: value)
        log.append(text: "\r\n")
    }

    mutating func note(nobodyAt address: GuestPhysical) {
        if let rule = Containment(nobodyAt: address) { note(rule, address.rawValue) }
    }

    /// Calls to the firmware that name a hart which the world does not have.
    mutating func note(_ reply: SBIReply, to call: SBICall) {
        guard case .pair(.invalidParameter, _) = reply else { return }
        switch call.extension {
        case SBIExtension.ipi, SBIExtension.remoteFence, SBIExtension.hartState:
            note(.hart, call.a0)
        default: break
        }
    }
}
