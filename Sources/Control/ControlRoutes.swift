/// What a request leads to.
package enum ControlAnswer: Sendable, Equatable {
    case response(HTTPResponse)
    /// The connection becomes the console: output from this position, and input if `types`.
    case console(from: UInt64, types: Bool)
}

/// The paths of a control socket, as `Docs/openapi.json` describes them.
package struct ControlRoutes {
    private let machine: any ControlledMachine
    /// How much of the console's output somebody sees who attaches.
    package static let historyBytes = 64 << 10
    package static let upgrade = "hull-console"

    package init(_ machine: any ControlledMachine) { self.machine = machine }

    private typealias Step = (HTTPRequest) throws(Refusal) -> ControlAnswer

    /// The answer to a request that cannot be carried out.
    private struct Refusal: Error {
        let status: Int
        let sentence: String
    }

    private func methods(at path: String) -> [String: Step]? {
        switch path {
        case "/v1/machine": ["GET": { _ in .json(200, machine.description.json) }]
        case "/v1/stats": ["GET": stats]
        case "/v1/pause": ["POST": pause]
        case "/v1/resume": ["POST": resume]
        case "/v1/stop": ["POST": stop]
        case "/v1/balloon": ["GET": balloon, "POST": balloon]
        case "/v1/console": ["GET": history]
        case "/v1/console/input": ["POST": input]
        case "/v1/console/size": ["POST": size]
        case "/v1/console/attach": ["POST": attach]
        default: nil
        }
    }

    package func answer(_ request: HTTPRequest) -> ControlAnswer {
        guard let methods = methods(at: request.path) else {
            return .response(
                .failure(
                    404, "There is nothing at \(request.path); GET /v1/machine says what runs here."
                ))
        }
        guard let step = methods[request.method] else {
            let allowed = methods.keys.sorted().joined(separator: ", ")
            var response = HTTPResponse.failure(
                405, "\(request.path) takes \(allowed), and not \(request.method).")
            response.headers.append(("Allow", allowed))
            return .response(response)
        }
        do throws(Refusal) {
            return try step(request)
        } catch {
            return .response(.failure(error.status, error.sentence))
        }
    }

    // MARK: What each does

    private func stats(_ request: HTTPRequest) throws(Refusal) -> ControlAnswer {
        guard let figures = machine.figures() else { throw Self.busy }
        return .json(200, figures.json)
    }

    private static let busy = Refusal(
        status: 503,
        sentence: "The machine did not come to its run loop; its output may be held up. Try again.")

    private func pause(_ request: HTTPRequest) throws(Refusal) -> ControlAnswer {
        _ = try Self.members(request, known: [])
        guard machine.pause() else { throw Self.busy }
        return .json(200, machine.description.json)
    }

    private func resume(_ request: HTTPRequest) throws(Refusal) -> ControlAnswer {
        _ = try Self.members(request, known: [])
        guard machine.resume() else { throw Self.busy }
        return .json(200, machine.description.json)
    }

    private func stop(_ request: HTTPRequest) throws(Refusal) -> ControlAnswer {
        let body = try Self.members(request, known: ["force"])
        let force: Bool =
            switch body["force"] {
            case nil: false
            case .bool(let value)?: value
            default: throw Refusal(status: 400, sentence: "\"force\" is true or false.")
            }
        return .json(202, ["stop": .string(machine.stop(force: force).rawValue)])
    }

    /// The size of the balloon is what the guest has in all, less what it is to make do with.
    private func balloon(_ request: HTTPRequest) throws(Refusal) -> ControlAnswer {
        var bytes: UInt64?
        if request.method == "POST" {
            guard let wish = try Self.members(request, known: ["bytes"])["bytes"]?.integer,
                wish >= 0
            else {
                throw Refusal(
                    status: 400,
                    sentence: "The body wants \"bytes\": how much the balloon is to hold.")
            }
            guard wish <= machine.description.memoryBytes else {
                throw Refusal(
                    status: 400,
                    sentence: "The balloon cannot hold more than all of the guest's memory.")
            }
            bytes = UInt64(wish)
        }
        switch machine.balloon(bytes) {
        case .busy: throw Self.busy
        case .missing:
            throw Refusal(
                status: 409, sentence: "The machine has no balloon: other devices take its slots.")
        case .figures(let memory, let wanted, let held):
            return .json(
                200, ["memory": JSON(memory), "wanted": JSON(wanted), "held": JSON(held)])
        }
    }

    private func history(_ request: HTTPRequest) throws(Refusal) -> ControlAnswer {
        let console = machine.console
        let piece = console.output(
            from: historyStart(console), limit: Self.historyBytes)
        return .response(HTTPResponse(200, .bytes(piece.bytes)))
    }

    private func historyStart(_ console: any ConsoleDoor) -> UInt64 {
        let now = console.position
        return now - min(now, UInt64(Self.historyBytes))
    }

    private func input(_ request: HTTPRequest) throws(Refusal) -> ControlAnswer {
        let body = try Self.members(request, known: ["text"])
        guard let text = body["text"]?.text else {
            throw Refusal(status: 400, sentence: "The body wants a \"text\" to be typed.")
        }
        let bytes = Array(text.utf8)
        let room = machine.console.claimRoom(bytes.count)
        machine.console.type(Array(bytes.prefix(room)))
        guard room == bytes.count else {
            throw Refusal(
                status: 503,
                sentence: "The guest takes no input: of \(bytes.count) bytes \(room) were typed.")
        }
        return .response(HTTPResponse(204))
    }

    private func size(_ request: HTTPRequest) throws(Refusal) -> ControlAnswer {
        let body = try Self.members(request, known: ["columns", "rows"])
        guard let columns = body["columns"]?.integer, let rows = body["rows"]?.integer,
            (1...65535).contains(columns), (1...65535).contains(rows)
        else {
            throw Refusal(
                status: 400, sentence: "\"columns\" and \"rows\" are numbers from 1 to 65535.")
        }
        machine.console.resize(columns: Int(columns), rows: Int(rows))
        return .response(HTTPResponse(204))
    }

    private func attach(_ request: HTTPRequest) throws(Refusal) -> ControlAnswer {
        guard request.headers.names(Self.upgrade, in: "upgrade"),
            request.headers.names("upgrade", in: "connection")
        else {
            throw Refusal(
                status: 426,
                sentence: "Say Connection: Upgrade and Upgrade: \(Self.upgrade) to get the console."
            )
        }
        guard request.body.isEmpty else {
            throw Refusal(status: 400, sentence: "An upgrade has no body.")
        }
        let console = machine.console
        return .console(
            from: request.query["history"] == "false" ? console.position : historyStart(console),
            types: request.query["input"] != "false")
    }

    // MARK: Bodies

    /// The members of a body, which may be empty.
    private static func members(
        _ request: HTTPRequest, known: Set<String>
    ) throws(Refusal) -> JSON {
        guard !request.body.isEmpty else { return .object([]) }
        let body: JSON
        do throws(JSONFault) {
            body = try JSON(parsing: request.body)
        } catch {
            throw Refusal(
                status: 400, sentence: "The body is no JSON: \(error.what), at byte \(error.at).")
        }
        guard case .object(let members) = body else {
            throw Refusal(status: 400, sentence: "The body is no JSON object.")
        }
        for member in members where !known.contains(member.name) {
            let what = known.isEmpty ? "nothing" : known.sorted().joined(separator: ", ")
            throw Refusal(
                status: 400, sentence: "\"\(member.name)\" is not known here, but \(what).")
        }
        return body
    }
}

extension ControlAnswer {
    fileprivate static func json(_ status: Int, _ value: JSON) -> ControlAnswer {
        .response(HTTPResponse(status, .json(value)))
    }
}
