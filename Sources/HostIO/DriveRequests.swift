import Bits
import DiskImage
import Effects
import GuestMemory

// SAFETY: arrays live through the calls that read or fill them; places in guest memory are bounds-checked
// where they are looked up, and the memory outlives the drive's threads.
extension DriveContent {
    private func allows(_ request: BlockRequest) -> Bool {
        let (offset, count) = (request.offset, request.count)
        if request.operation == .flush { return true }
        return offset <= byteCount && count <= byteCount - offset && byteCount <= UInt64(Int64.max)
            && (request.operation == .read || !isReadOnly)
    }

    /// Carries out a request. What a write wrote outlives this process where the image is raw, and is on
    /// the disk once a flush has returned.
    package func perform(
        _ request: BlockRequest, _ memory: GuestMemory? = nil
    ) -> (status: BlockStatus, data: [UInt8]) {
        guard allows(request) else { return (.ioError, []) }
        let (offset, count) = (request.offset, request.count)
        do throws(HullError) {
            switch request.operation {
            case .read:
                guard !request.buffers.isEmpty else {
                    return (.ok, try bytes(offset, Int(count)))
                }
                guard let parts = memory?.parts(of: request) else { return (.ioError, []) }
                try read(offset, scattered: parts)
            case .write where request.buffers.isEmpty:
                guard UInt64(request.data.count) == count else { return (.ioError, []) }
                try unsafe request.data.withBytes { bytes throws(HullError) in
                    try write(offset, gathered: [unsafe MemoryPart(bytes)])
                }
            case .write:
                guard let parts = memory?.parts(of: request) else { return (.ioError, []) }
                try write(offset, gathered: parts)
            case .flush: if !isReadOnly { try flush() }
            case .discard: try discard(offset, count)
            case .writeZeroes: try writeZeroes(offset, count)
            }
            return (.ok, [])
        } catch {
            return (.ioError, [])
        }
    }

    /// A read into guest memory that takes no waiting; nil: it must be performed by somebody who may wait.
    package func performAtOnce(_ request: BlockRequest, _ memory: GuestMemory) -> BlockStatus? {
        guard request.operation == .read, !request.buffers.isEmpty, allows(request),
            let parts = memory.parts(of: request), readAtOnce(request.offset, scattered: parts)
        else { return nil }
        return .ok
    }

    private func bytes(_ offset: UInt64, _ count: Int) throws(HullError) -> [UInt8] {
        var data = [UInt8](repeating: 0, count: count)
        try unsafe data.withMutableBytes { bytes throws(HullError) in
            try read(offset, scattered: [unsafe MemoryPart(UnsafeRawBufferPointer(bytes))])
        }
        return data
    }
}

extension MemoryPart {
    fileprivate init(_ bytes: UnsafeRawBufferPointer) {
        self.init(address: UInt(bitPattern: bytes.baseAddress), count: bytes.count)
    }
}

extension GuestMemory {
    /// Where the data of a request go to or come from; nil if that is not all RAM, or not as much as is
    /// moved.
    fileprivate func parts(of request: BlockRequest) -> [MemoryPart]? {
        var parts: [MemoryPart] = []
        parts.reserveCapacity(request.buffers.count)
        var sum: UInt64 = 0
        for range in request.buffers {
            let place =
                unsafe request.operation == .read
                ? writableHost(range.start, count: range.count)
                : host(range.start, count: range.count)
            guard let place = unsafe place else { return nil }
            parts.append(MemoryPart(address: UInt(bitPattern: place), count: Int(range.count)))
            sum &+= range.count
        }
        return sum == request.count ? parts : nil
    }
}
