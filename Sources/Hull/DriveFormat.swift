import Bits
import DiskImage
import HostIO
import Journal

/// What an image file is.
public enum DriveFormat: String, Sendable, CaseIterable {
    /// The bytes of the disk, one after the other.
    case raw
    /// QEMU's format, which grows as it is written.
    case qcow2

    package var image: ImageFormat {
        switch self {
        case .raw: .raw
        case .qcow2: .qcow2
        }
    }
}

extension Configuration.Drive {
    var opening: ImageOpening {
        var opening = ImageOpening(path)
        opening.isReadOnly = isReadOnly || snapshot != nil
        opening.format = format?.image
        opening.bypassesCache = bypassesCache
        opening.snapshot = snapshot
        return opening
    }
}

extension Configuration {
    /// Opens all drives, with every file below them. `answersAtOnce`: requests take none of the guest's
    /// time, and what it writes is forgotten.
    func openDrives(_ inbox: EventInbox, answersAtOnce: Bool) throws(HullError)
        -> [any BlockBackEnd]
    {
        var result: [any BlockBackEnd] = []
        for drive in drives {
            if answersAtOnce {
                result.append(
                    ScratchDrive(try ImageFile.temporaryDrive(drive.opening), inbox: inbox))
                continue
            }
            let content =
                discardsDriveWrites
                ? try ImageFile.temporaryDrive(drive.opening)
                : try ImageFile(drive.opening).drive()
            result.append(try HostDrive(content, inbox: inbox))
        }
        return result
    }
}
