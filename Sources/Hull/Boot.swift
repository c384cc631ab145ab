import Bits
import HostIO
import Loader
import Machine
import RISCV

/// What the files of a configuration become: the board and how it starts.
package struct Boot {
    package let board: Board
    package private(set) var plan: BootPlan
    /// The names in the images, for traces and debuggers.
    package let symbols: [SymbolTable]

    /// Where firmware expects what it starts (OpenSBI's `FW_JUMP_ADDR`).
    private static let nextStage = GuestPhysical(AddressMap.ramStart + 0x20_0000)

    package init(_ configuration: Configuration) throws(HullError) {
        try self.init(configuration, try KeptFiles(configuration.files))
    }

    private init(_ configuration: Configuration, _ files: KeptFiles) throws(HullError) {
        board = try configuration.board()
        let images = try Self.images(configuration, files)
        for image in images.all { try image.check(against: [board.ram.range]) }
        var ramDisk: [UInt8]?
        if let path = configuration.initialRAMDisk {
            ramDisk = try files.read(path) + configuration.moreInitialFiles
        } else if !configuration.moreInitialFiles.isEmpty {
            ramDisk = configuration.moreInitialFiles
        }
        (plan, symbols) = try Self.plan(configuration, board, images, ramDisk)
        guard files.areRegular else { return }
        // A reset reads the files again, so that they need not stay in memory for it. They stay open:
        // by then the program has given up opening any.
        plan.reload = { () throws(HullError) in try Boot(configuration, files).plan }
    }

    /// Which images there are, and which of them starts.
    private struct Images {
        var firmware: LoadPlan?
        var guest: LoadPlan?
        var all: [LoadPlan] { [firmware, guest].compactMap { $0 } }
    }

    private static func images(_ configuration: Configuration, _ files: KeptFiles)
        throws(HullError) -> Images
    {
        guard case .file(let path) = configuration.firmware else {
            return Images(guest: try guest(configuration, files, at: ram))
        }
        let firmware = try load(try files.read(path), named: path, at: ram, acceptsRaw: true)
        // A kernel says itself how far from the start of RAM it wants to be; what runs anywhere goes
        // to where firmware looks for it.
        var next = try guest(configuration, files, at: ram)
        if next.kind == .raw || (try? next.check(against: firmware)) == nil {
            next = try guest(configuration, files, at: nextStage)
        }
        try next.check(against: firmware)
        return Images(firmware: firmware, guest: next)
    }

    private static let ram = GuestPhysical(AddressMap.ramStart)

    private static func guest(
        _ configuration: Configuration, _ files: KeptFiles, at base: GuestPhysical
    ) throws(HullError) -> LoadPlan {
        if let loader = configuration.loader {
            return try load(
                try files.read(loader), named: loader, at: nextStage, acceptsRaw: true)
        }
        guard let path = configuration.image else {
            if let image = configuration.bareImage {
                return try load(image, named: "the guest", at: base, acceptsRaw: false)
            }
            if configuration.startsKeel {
                return try load(Keel.image, named: "Keel", at: base, acceptsRaw: false)
            }
            let skiff =
                configuration.firmware == .none ? Skiff.machineImage : Skiff.supervisorImage
            return try load(skiff, named: "Skiff", at: base, acceptsRaw: false)
        }
        var acceptsRaw = false
        if case .file = configuration.firmware { acceptsRaw = true }
        return try load(try files.read(path), named: path, at: base, acceptsRaw: acceptsRaw)
    }

    private static func load(
        _ file: [UInt8], named name: String, at base: GuestPhysical, acceptsRaw: Bool
    ) throws(HullError) -> LoadPlan {
        let options = LoadOptions(name: name, base: base, acceptsRaw: acceptsRaw)
        return try LoadPlan(file, options, decompress: Decompression.decompress)
    }

    private static func plan(
        _ configuration: Configuration, _ board: Board, _ images: Images, _ ramDisk: [UInt8]?
    ) throws(HullError) -> (BootPlan, [SymbolTable]) {
        let guestEntry = configuration.entry.map { GuestPhysical($0) } ?? images.guest?.entry
        var repeatable = SeededEntropy(seed: 1)
        let seed = configuration.clock == .host ? HostEntropy.bytes(64) : repeatable.bytes(64)
        var choice = BootChoice(
            arguments: configuration.arguments, seed: seed,
            startsAtOnce: configuration.loader != nil)
        // The tree's length does not depend on the addresses in it.
        choice.initialRAMDisk = ramDisk.map {
            GuestRange(start: GuestPhysical(0), count: UInt64($0.count))
        }
        let placement = try BootPlacement(
            ram: board.ram.range, occupied: images.all,
            initialRAMDiskCount: ramDisk.map { UInt64($0.count) },
            deviceTreeCount: UInt64(board.deviceTree(choice).count))
        choice.initialRAMDisk = placement.initialRAMDisk
        let tree = board.deviceTree(choice)

        var pieces: [BootPiece] = []
        for image in images.all {
            for segment in image.segments {
                pieces.append(
                    BootPiece(
                        segment.address, image.bytes[segment.file], zeroFill: segment.zeroFill))
            }
        }
        if let ramDisk, let range = placement.initialRAMDisk {
            pieces.append(BootPiece(range.start, ramDisk[...]))
        }
        pieces.append(BootPiece(placement.deviceTree.start, tree[...]))

        let start: BootPlan.Start
        if let firmware = images.firmware {
            start = .machineMode(entry: firmware.entry, nextStage: guestEntry)
        } else if let guestEntry {
            start =
                configuration.firmware == .none
                ? .machineMode(entry: guestEntry, nextStage: nil)
                : .supervisorMode(entry: guestEntry)
        } else {
            throw HullError(.usage, "There is nothing to start.")
        }
        let plan = BootPlan(
            start: start, pieces: pieces, deviceTree: placement.deviceTree.start,
            toHost: images.guest?.toHost, fromHost: images.guest?.fromHost)
        return (plan, images.all.map(\.symbols))
    }
}

extension Configuration {
    /// The files that are put into memory.
    fileprivate var files: [String] {
        var files = [loader, loader == nil ? image : nil, initialRAMDisk].compactMap { $0 }
        if case .file(let path) = firmware { files.append(path) }
        return files
    }
}

extension Boot {
    /// `main+0x4` for an address that the images name.
    package var symbol: (UInt64) -> String? {
        let tables = symbols
        return { address in
            for table in tables {
                guard let (name, offset) = table.name(at: address) else { continue }
                return offset == 0 ? name : "\(name)+0x\(String(offset, radix: 16))"
            }
            return nil
        }
    }
    /// Lets go of the pieces, which the machine has by now.
    package mutating func forgetPieces() { plan.pieces = [] }
}
