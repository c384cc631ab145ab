import Hart
import Machine

/// The debugger's breakpoints and watchpoints; the harts get a copy.
struct Breakpoints {
    enum Kind: Equatable {
        case code
        case watch(StopReason.Watch)

        /// The digit behind `Z`. Software and hardware breakpoints are the same here: guest memory is
        /// never patched.
        init?(digit: UInt8) {
            switch digit {
            case UInt8(ascii: "0"), UInt8(ascii: "1"): self = .code
            case UInt8(ascii: "2"): self = .watch(.write)
            case UInt8(ascii: "3"): self = .watch(.read)
            case UInt8(ascii: "4"): self = .watch(.access)
            default: return nil
            }
        }
    }
    struct Point: Equatable {
        var kind: Kind
        var address: UInt64
        var count: UInt64
    }
    private var points: [Point] = []

    mutating func insert(_ point: Point) {
        if !points.contains(point) { points.append(point) }
    }
    mutating func remove(_ point: Point) {
        points.removeAll { $0 == point }
    }
    mutating func removeAll(from machine: Machine) {
        points.removeAll()
        install(in: machine)
    }

    func install(in machine: Machine) {
        let code = points.filter { $0.kind == .code }.map(\.address)
        let watched = points.compactMap { point -> Watchpoint? in
            guard case .watch(let what) = point.kind else { return nil }
            return Watchpoint(
                address: point.address, count: max(point.count, 1), onLoad: what != .write,
                onStore: what != .read)
        }
        for hart in machine.harts {
            hart.debug.breakpoints = code
            hart.debug.watchpoints = watched
            machine.engines[0].debugChanged(hart)
        }
    }

    /// What a hart's watch hit is called in the stop reply.
    func reason(for hart: Hart) -> StopReason {
        guard let hit = hart.debug.watchHit else { return .breakpoint }
        for point in points where point.address == hit.point.address {
            if case .watch(let what) = point.kind {
                return .watchpoint(what, address: hit.point.address)
            }
        }
        return .breakpoint
    }
}
