import Effects

/// What the guest asked of a drive.
package struct DriveCounts: Sendable, Equatable {
    package private(set) var reads: UInt64 = 0
    package private(set) var writes: UInt64 = 0
    package private(set) var flushes: UInt64 = 0
    package private(set) var bytesRead: UInt64 = 0
    package private(set) var bytesWritten: UInt64 = 0

    mutating func note(_ request: BlockRequest) {
        switch request.operation {
        case .read:
            reads &+= 1
            bytesRead &+= request.count
        case .write, .writeZeroes:
            writes &+= 1
            bytesWritten &+= request.count
        case .flush: flushes &+= 1
        case .discard: break
        }
    }
}
