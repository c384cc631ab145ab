import CHost

/// The guest that comes with Hull, as ELF files inside the program.
package enum Skiff {
    /// For supervisor mode, above firmware.
    package static var supervisorImage: [UInt8] {
        // SAFETY: the bytes are constants of this program, and the count is theirs.
        unsafe [UInt8](UnsafeBufferPointer(start: hull_skiff_elf, count: hull_skiff_elf_count))
    }
    /// For machine mode, out of reset.
    package static var machineImage: [UInt8] {
        // SAFETY: as above.
        unsafe [UInt8](
            UnsafeBufferPointer(start: hull_skiff_machine_elf, count: hull_skiff_machine_elf_count))
    }
}
