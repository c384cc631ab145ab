import Bits
import HostIO
import Journal
import Machine

/// Who a machine was started by: a person at a terminal or a program at a pipe, or, for one that was
/// left running, nobody; then its log takes what it says.
enum Seat {
    case attended(HostConsole)
    case log(ConsoleLog, path: String)

    init(_ configuration: Configuration, log: String?, inbox: EventInbox) throws(HullError) {
        if configuration.isDetached, let log {
            self = .log(ConsoleLog(log), path: log)
        } else {
            self = .attended(try HostConsole(device: BoardDevices.uartConsole, inbox: inbox))
        }
    }

    var console: any ConsoleBackEnd {
        switch self {
        case .attended(let console): console
        case .log(let log, _): log
        }
    }
    var isLogged: Bool {
        if case .log = self { true } else { false }
    }

    /// The machine is about to run.
    func take(_ name: String?, _ inbox: EventInbox) throws(HullError) {
        switch self {
        case .attended(let console):
            if Terminal.isOne(0) { try Terminal.makeRaw(0) }
            try HostSignals.install(inbox: inbox, console: console)
        case .log(let log, _):
            try HostSignals.install(inbox: inbox, console: nil)
            // What is wrong from here on is said in the log.
            try log.begin(on: [1, 2])
            Detachment.sayReady(name ?? "")
        }
    }

    /// The machine has ended.
    func leave() {
        switch self {
        case .attended(let console): console.close()
        case .log(let log, _): log.flush()
        }
    }
}
