import Bits
import Effects
import Journal

/// A drive that answers at once, on the caller's thread, so that several machines that run from one image
/// all do the same.
package final class ScratchDrive: BlockBackEnd {
    private let content: any DriveContent
    private let inbox: EventInbox

    package var byteCount: UInt64 { content.byteCount }
    package var isReadOnly: Bool { content.isReadOnly }

    package init(_ content: any DriveContent, inbox: EventInbox) {
        self.content = content
        self.inbox = inbox
    }

    package func submit(_ request: BlockRequest) {
        let (status, data) = content.perform(request)
        inbox.post(.block(device: request.device, tag: request.tag, status, data: data))
    }
    package func close() {}
}
