import Bits
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
                guard let places = unsafe memory?.places(of: request) else { return (.ioError, []) }
                try unsafe read(offset, scattered: places)
            case .write where request.buffers.isEmpty:
                guard UInt64(request.data.count) == count else { return (.ioError, []) }
                try request.data.withBytes { bytes throws(HullError) in
                    try unsafe write(offset, bytes)
                }
            case .write:
                guard let sources = unsafe memory?.sources(of: request) else {
                    return (.ioError, [])
                }
                try unsafe write(offset, gathered: sources)
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
            let places = unsafe memory.places(of: request),
            unsafe readAtOnce(request.offset, scattered: places)
        else { return nil }
        return .ok
    }

    private func bytes(_ offset: UInt64, _ count: Int) throws(HullError) -> [UInt8] {
        var failure: HullError?
        let data = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            do throws(HullError) {
                try unsafe read(offset, into: UnsafeMutableRawBufferPointer(buffer))
                filled = count
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return data
    }
}

extension GuestMemory {
    /// Where the data of a read go; nil if that is not all RAM, or not as much as is read.
    fileprivate func places(of request: BlockRequest) -> [UnsafeMutableRawBufferPointer]? {
        var places: [UnsafeMutableRawBufferPointer] = []
        unsafe places.reserveCapacity(request.buffers.count)
        for range in request.buffers {
            guard let place = unsafe writableHost(range.start, count: range.count) else {
                return nil
            }
            unsafe places.append(
                UnsafeMutableRawBufferPointer(start: place, count: Int(range.count)))
        }
        return unsafe request.buffers.reduce(0) { $0 &+ $1.count } == request.count ? places : nil
    }

    /// Where the data of a write come from.
    fileprivate func sources(of request: BlockRequest) -> [UnsafeRawBufferPointer]? {
        var sources: [UnsafeRawBufferPointer] = []
        unsafe sources.reserveCapacity(request.buffers.count)
        for range in request.buffers {
            guard let place = unsafe host(range.start, count: range.count) else { return nil }
            unsafe sources.append(UnsafeRawBufferPointer(start: place, count: Int(range.count)))
        }
        return unsafe request.buffers.reduce(0) { $0 &+ $1.count } == request.count ? sources : nil
    }
}
