import CSkiff
import FDT
import SkiffABI

/// A file, and where its bytes are: in the image, in memory, or on the disk.
struct File {
    enum Place {
        case text(StaticString)
        case bytes([UInt8])
        case memory(UInt64)
        case disk(UInt64)
    }
    var name: [UInt8]
    var count: UInt64
    var place: Place
}

extension Kernel {
    private static let welcome: StaticString = """
        Skiff is a small operating system in Swift. It runs in supervisor mode with Sv39 paging,
        runs programs in user mode, and takes turns between them by the timer.
        An initrd or a virtio disk that holds a tar archive adds its files to this list.

        """

    /// What `ls` lists: two files of the kernel's, then those of the initrd and of the disk, when
    /// these are tar archives.
    func listFiles() -> [File] {
        let text = Self.welcome
        var files = [
            File(
                name: StaticString("welcome").bytes, count: UInt64(text.utf8CodeUnitCount),
                place: .text(text)),
            File(
                name: StaticString("bootargs").bytes, count: UInt64(board.bootArguments.count),
                place: .bytes(board.bootArguments)),
        ]
        if let initrd = board.initrd {
            appendArchive(to: &files, size: initrd.size) { offset in
                .memory(initrd.address + offset)
            }
        }
        if let disk, disk.capacity < 1 << 50 {
            appendArchive(to: &files, size: disk.capacity * 512) { offset in .disk(offset) }
        }
        return files
    }

    func file(_ number: UInt64) -> File? {
        let files = listFiles()
        return number < UInt64(files.count) ? files[Int(number)] : nil
    }

    /// Reads the headers of a tar archive (POSIX ustar): 512 bytes each, then the file.
    private func appendArchive(
        to files: inout [File], size: UInt64, _ place: (UInt64) -> File.Place
    ) {
        var offset: UInt64 = 0
        while offset + 512 <= size && files.count < 64 {
            let whole = File(name: [], count: 512, place: place(offset))
            guard let header = read(whole, from: 0, count: 512), header.count == 512,
                header[257..<262].equals("ustar")
            else { return }
            let count = Self.octal(header[124..<135])
            if header[156] == UInt8(ascii: "0") || header[156] == 0 {
                let name = header[0..<100].prefix { $0 != 0 }
                files.append(File(name: Array(name), count: count, place: place(offset + 512)))
            }
            offset += 512 + (count + 511) & ~511
        }
    }

    private static func octal(_ digits: ArraySlice<UInt8>) -> UInt64 {
        var value: UInt64 = 0
        for digit in digits where (48...55).contains(digit) {
            value = value << 3 | UInt64(digit - 48)
        }
        return value
    }

    /// At most 4096 bytes of a file. Nil when the disk fails.
    func read(_ file: File, from offset: UInt64, count: UInt64) -> [UInt8]? {
        guard offset < file.count else { return [] }
        let count = min(count, file.count - offset)
        var bytes: [UInt8] = []
        switch file.place {
        case .text(let text): bytes = Array(text.bytes[Int(offset)..<Int(offset + count)])
        case .bytes(let all): bytes = Array(all[Int(offset)..<Int(offset + count)])
        case .memory(let address):
            for at in 0..<count { bytes.append(load8(address + offset + at)) }
        case .disk(let start):
            guard let disk else { return nil }
            var at = start + offset
            let end = at + count
            while at < end {
                guard disk.run(.read, sector: at / 512, count: 512, self) == .ok else { return nil }
                let first = at % 512
                let last = min(512, first + end - at)
                for index in first..<last { bytes.append(load8(disk.buffer + index)) }
                at += last - first
            }
        }
        return bytes
    }
}
