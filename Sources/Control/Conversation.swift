/// One client of a control socket, without a socket: bytes in, bytes out.
package struct Conversation {
    private enum Stage {
        case requests
        case console(position: UInt64, types: Bool)
        /// Nothing more is read; the client has what it needs once the output is gone.
        case closing
    }

    private let routes: ControlRoutes
    private let console: any ConsoleDoor
    private var parser = HTTPParser()
    private var stage = Stage.requests
    private var output: [UInt8] = []
    /// Typed, and the guest had no room.
    private var typed: [UInt8] = []
    private var inputEnded = false

    /// Answers are held while so much of earlier ones waits for the client.
    private static let outputLimit = 256 << 10
    private static let typedLimit = 16 << 10

    package init(_ machine: any ControlledMachine) {
        routes = ControlRoutes(machine)
        console = machine.console
    }

    /// More may be read from the client.
    package var wantsInput: Bool {
        switch stage {
        case .requests: output.count < Self.outputLimit && !inputEnded
        case .console: typed.count < Self.typedLimit && !inputEnded
        case .closing: false
        }
    }
    /// The connection may be closed.
    package var isOver: Bool {
        guard case .closing = stage else { return false }
        return output.isEmpty
    }
    /// A request has begun, and its rest is awaited: who is slow then is told so after a while.
    package var isMidRequest: Bool {
        guard case .requests = stage else { return false }
        return !parser.isIdle
    }
    package var isConsole: Bool {
        if case .console = stage { true } else { false }
    }

    package mutating func receive(_ bytes: [UInt8]) {
        switch stage {
        case .requests:
            parser.receive(bytes)
            answer()
        case .console: typed += bytes
        case .closing: break
        }
        step()
    }

    /// The client will send nothing more; it may still read.
    package mutating func endInput() {
        inputEnded = true
        if case .requests = stage { answer() }
    }

    /// The request took too long to arrive.
    package mutating func giveUp() {
        guard isMidRequest else { return }
        refuse(HTTPFault(status: 408, sentence: "The request did not arrive in time."))
    }

    /// Moves what can be moved to and from the console.
    package mutating func step() {
        guard case .console(var position, let types) = stage else { return }
        if types, !typed.isEmpty {
            let room = console.claimRoom(typed.count)
            if room > 0 {
                console.type(Array(typed.prefix(room)))
                typed.removeFirst(room)
            }
        } else if !types {
            typed = []
        }
        if output.count < Self.outputLimit {
            let piece = console.output(from: position, limit: Self.outputLimit)
            position = piece.next
            if piece.skipped > 0 {
                output += Array("\r\n[hull: \(piece.skipped) bytes are missing here]\r\n".utf8)
            }
            output += piece.bytes
            stage = .console(position: position, types: types)
        }
    }

    /// What is to be sent; `sent` says how much of it went.
    package var pending: [UInt8] { output }
    package mutating func sent(_ count: Int) {
        output.removeFirst(count)
        // Requests that were held while the client did not read.
        if case .requests = stage { answer() }
        step()
    }

    private mutating func answer() {
        do throws(HTTPFault) {
            while case .requests = stage, output.count < Self.outputLimit,
                let request = try parser.next()
            {
                begin(routes.answer(request), request)
            }
            guard case .requests = stage, output.count < Self.outputLimit else { return }
            if parser.takeContinue() { output += HTTPResponse(100).bytes(keepsAlive: true) }
            // What is missing of a request will never arrive.
            if inputEnded { stage = .closing }
        } catch {
            refuse(error)
        }
    }

    private mutating func begin(_ answer: ControlAnswer, _ request: HTTPRequest) {
        switch answer {
        case .response(let response):
            output += response.bytes(
                keepsAlive: request.keepsAlive, isHead: request.method == "HEAD")
            if !request.keepsAlive { stage = .closing }
        case .console(let position, let types):
            var response = HTTPResponse(101)
            response.headers = [("Connection", "Upgrade"), ("Upgrade", ControlRoutes.upgrade)]
            output += response.bytes(keepsAlive: true)
            typed = parser.takeRest()
            stage = .console(position: position, types: types)
        }
    }

    private mutating func refuse(_ fault: HTTPFault) {
        output += HTTPResponse.failure(fault.status, fault.sentence).bytes(keepsAlive: false)
        stage = .closing
    }
}
