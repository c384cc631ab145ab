/// When the board's `time` next matters to somebody. There are few owners, so a scan is the queue.
package struct Deadlines: Sendable, Equatable {
    /// Whose wish it is; each has one, which a new one replaces.
    package enum Owner: Hashable, Sendable {
        case clint
        case rtc
    }
    static let never = UInt64.max

    private var clint = never
    private var rtc = never

    package init() {}

    package subscript(_ owner: Owner) -> UInt64 {
        get {
            switch owner {
            case .clint: clint
            case .rtc: rtc
            }
        }
        set {
            switch owner {
            case .clint: clint = newValue
            case .rtc: rtc = newValue
            }
        }
    }
    package var next: UInt64 { min(clint, rtc) }
}
