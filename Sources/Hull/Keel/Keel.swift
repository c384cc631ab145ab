import Bits
import CHost
import HostIO

/// The monitor that comes with Hull, and the archive of guests that it starts with.
package enum Keel {
    /// For supervisor mode, above firmware.
    package static var image: [UInt8] {
        // SAFETY: the bytes are constants of this program, and the count is theirs.
        unsafe [UInt8](UnsafeBufferPointer(start: hull_keel_elf, count: hull_keel_elf_count))
    }

    /// What Keel is given of one guest.
    package struct Guest: Sendable {
        package var kernel: [UInt8]
        package var initialRAMDisk: [UInt8]?
        package var disk: [UInt8]?
        package var arguments: String?
        package init(kernel: [UInt8], arguments: String? = nil) {
            self.kernel = kernel
            self.arguments = arguments
        }
        /// Files of the host; without a kernel, Skiff.
        package init(
            path: String?, initialRAMDisk: String?, disk: String?, arguments: String?
        ) throws(VirtualMachineError) {
            do throws(HullError) {
                if let path {
                    kernel = try HostFile.read(path)
                } else {
                    kernel = Skiff.supervisorImage
                }
                if let initialRAMDisk { self.initialRAMDisk = try HostFile.read(initialRAMDisk) }
                if let disk { self.disk = try HostFile.read(disk) }
                self.arguments = arguments
            } catch {
                throw VirtualMachineError(error)
            }
        }
    }

    /// A tar archive with a folder for each guest.
    package static func archive(_ guests: [Guest]) -> [UInt8] {
        var archive: [UInt8] = []
        for (number, guest) in guests.enumerated() {
            append("\(number)/kernel", guest.kernel, to: &archive)
            if let bytes = guest.initialRAMDisk { append("\(number)/initrd", bytes, to: &archive) }
            if let bytes = guest.disk { append("\(number)/disk", bytes, to: &archive) }
            if let text = guest.arguments {
                append("\(number)/arguments", Array(text.utf8), to: &archive)
            }
        }
        return archive + [UInt8](repeating: 0, count: 1024)
    }

    /// One file as POSIX's ustar format has it: a header of 512 bytes, then the bytes, padded.
    private static func append(_ name: String, _ bytes: [UInt8], to archive: inout [UInt8]) {
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, at offset: Int) {
            for (index, byte) in text.utf8.enumerated() { header[offset + index] = byte }
        }
        put(name, at: 0)
        put("0000644", at: 100)
        put("0000000", at: 108)
        put("0000000", at: 116)
        put(octal(bytes.count, digits: 11), at: 124)
        put(octal(0, digits: 11), at: 136)
        // The sum is made with blanks in its own place.
        put("        0", at: 148)
        put("ustar", at: 257)
        put("00", at: 263)
        let sum = header.reduce(0) { $0 + Int($1) }
        put(octal(sum, digits: 6), at: 148)
        header[154] = 0
        archive += header
        archive += bytes
        archive += [UInt8](repeating: 0, count: (512 - bytes.count % 512) % 512)
    }
    private static func octal(_ value: Int, digits: Int) -> String {
        let text = String(value, radix: 8)
        return String(repeating: "0", count: max(digits - text.count, 0)) + text
    }
}

extension Configuration {
    /// Keel boots, with these guests and these words for itself.
    package mutating func start(keelWith guests: [Keel.Guest], words: String) {
        image = nil
        startsKeel = true
        title = "keel"
        arguments = words
        moreInitialFiles = Keel.archive(guests)
    }
}
