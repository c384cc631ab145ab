import Bits

extension ELFFile {
    func plan(_ options: LoadOptions) throws(HullError) -> LoadPlan {
        let bias = try physicalBias(options)
        var bytes = view.bytes
        // A kernel's `vmlinux` that is linked to run anywhere relocates itself, like its Image, and
        // its symbols keep the virtual addresses that it maps itself to.
        let moves = isPositionIndependent && linuxHeader == nil
        if moves { try relocate(&bytes, by: bias) }
        var plan = LoadPlan(
            kind: .elf, name: name, bytes: bytes, segments: try loadSegments(bias),
            entry: try physicalEntry(bias))
        let virtualBias = moves ? bias : 0
        plan.symbols = try symbolTable(bias: virtualBias)
        let place = { [symbols = plan.symbols] (symbol: String) -> GuestPhysical? in
            symbols.address(of: symbol).flatMap { physical($0 &- virtualBias, bias) }
        }
        plan.toHost = place("tohost")
        plan.fromHost = place("fromhost")
        return plan
    }

    private var lowest: Segment? { segments.min { $0.physical < $1.physical } }

    /// The Linux header that a `vmlinux` carries at the start of its first segment.
    private var linuxHeader: LinuxImageHeader? {
        lowest.flatMap { LinuxImageHeader(view, at: $0.offset) }
    }

    /// What is added to each physical address: nothing, unless the file can run anywhere and is
    /// linked below the place that is free.
    private func physicalBias(_ options: LoadOptions) throws(HullError) -> UInt64 {
        guard let lowest, lowest.physical < options.base.rawValue else { return 0 }
        if let header = linuxHeader {
            return try kernelAddress(header, options).rawValue &- lowest.physical
        }
        guard isPositionIndependent else { return 0 }
        let alignment = max(4096, segments.map(\.alignment).max() ?? 0)
        guard alignment & (alignment - 1) == 0, alignment <= 1 << 30 else {
            throw broken("it asks for an alignment of \(hex(alignment))")
        }
        let (rounded, overflow) = options.base.rawValue.addingReportingOverflow(alignment - 1)
        guard !overflow else {
            throw broken("no place is free above \(hex(options.base.rawValue))")
        }
        return (rounded & ~(alignment - 1)) &- (lowest.physical & ~(alignment - 1))
    }

    private func loadSegments(_ bias: UInt64) throws(HullError) -> [LoadSegment] {
        var result: [LoadSegment] = []
        for segment in segments.sorted(by: { $0.physical < $1.physical }) {
            let (address, overflow) = segment.physical.addingReportingOverflow(bias)
            guard !overflow, address <= UInt64.max - segment.memorySize else {
                throw broken("the segment for \(hex(segment.physical)) wraps around")
            }
            if let last = result.last, (last.address + last.count).rawValue > address {
                throw broken(
                    "the segments for \(hex(last.address.rawValue)) and \(hex(address)) overlap")
            }
            result.append(
                LoadSegment(
                    address: GuestPhysical(address),
                    file: Int(segment.offset)..<Int(segment.offset + segment.fileSize),
                    zeroFill: segment.memorySize - segment.fileSize,
                    virtualOffset: segment.virtual &- segment.physical,
                    isExecutable: segment.isExecutable))
        }
        return result
    }

    /// Harts start with translation off, so an entry that is linked to a virtual address means the
    /// physical place behind it.
    private func physicalEntry(_ bias: UInt64) throws(HullError) -> GuestPhysical {
        // Linux starts at its header's first instruction.
        if linuxHeader != nil, let lowest { return GuestPhysical(lowest.physical &+ bias) }
        if let address = physical(entry, bias) { return address }
        if segments.contains(where: { entry &- $0.physical < $0.memorySize }) {
            return GuestPhysical(entry &+ bias)
        }
        throw broken("its entry point \(hex(entry)) lies in none of its segments")
    }

    /// Where an address that the file was linked to is found in physical memory.
    private func physical(_ linked: UInt64, _ bias: UInt64) -> GuestPhysical? {
        guard let segment = segments.first(where: { $0.holds(virtual: linked) }) else { return nil }
        return GuestPhysical(linked &- segment.virtual &+ segment.physical &+ bias)
    }
}
