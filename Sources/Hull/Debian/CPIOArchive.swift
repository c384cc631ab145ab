/// Writes a cpio archive of the "newc" kind, which Linux unpacks as its initial file system
/// (Documentation/driver-api/early-userspace/buffer-format.rst). Owners and device nodes are only
/// fields in it, so no privilege is needed.
package struct CPIOArchive {
    private var bytes: [UInt8] = []
    private var inode: UInt32 = 0

    package init() {}

    private enum Kind {
        static let folder: UInt32 = 0o040000
        static let characterDevice: UInt32 = 0o020000
        static let file: UInt32 = 0o100000
    }

    package mutating func folder(_ name: String) { add(name, mode: Kind.folder | 0o755) }

    package mutating func file(_ name: String, _ content: [UInt8], isExecutable: Bool = false) {
        add(name, mode: Kind.file | (isExecutable ? 0o755 : 0o644), content)
    }

    package mutating func characterDevice(_ name: String, major: UInt32, minor: UInt32) {
        add(name, mode: Kind.characterDevice | 0o600, device: (major, minor))
    }

    /// The archive with its trailer, padded to the blocks that loaders like.
    package consuming func finished() -> [UInt8] {
        inode = 0
        add("TRAILER!!!", mode: 0)
        pad(to: 512)
        return bytes
    }

    private mutating func add(
        _ name: String, mode: UInt32, _ content: [UInt8] = [], device: (UInt32, UInt32) = (0, 0)
    ) {
        inode += 1
        let length = UInt32(name.utf8.count + 1)
        // c_ino, c_mode, c_uid, c_gid, c_nlink, c_mtime, c_filesize, c_maj, c_min, c_rmaj, c_rmin,
        // c_namesize, c_chksum
        let fields: [UInt32] = [
            inode, mode, 0, 0, 1, 0, UInt32(clamping: content.count), 0, 0, device.0, device.1,
            length, 0,
        ]
        bytes += Array("070701".utf8)
        for field in fields {
            let digits = String(field, radix: 16, uppercase: true)
            bytes += Array((String(repeating: "0", count: 8 - digits.count) + digits).utf8)
        }
        bytes += Array(name.utf8) + [0]
        pad(to: 4)
        bytes += content
        pad(to: 4)
    }

    private mutating func pad(to alignment: Int) {
        while bytes.count % alignment != 0 { bytes.append(0) }
    }
}
