/// What a machine is, for whoever asks its control socket.
package struct MachineDescription: Sendable, Equatable {
    package enum State: String, Sendable { case running, paused, ending }

    package var name: String
    package var process: Int
    package var state: State
    /// What boots: a path, or the name of what comes with the program.
    package var image: String
    package var arguments: String
    package var harts: Int
    package var memoryBytes: UInt64
    package var uptimeSeconds: Double
    /// Seconds since 1970.
    package var startedAt: UInt64
    package var engine: String
    package var version: String
    /// Where the console is also written.
    package var log: String?
    package var drives: [String]
    /// Ports of the host that lead into the guest.
    package var forwards: [ForwardedPort]
    /// The image's folder with keys for ssh.
    package var folder: String?

    package init(
        name: String, process: Int, state: State, image: String, arguments: String, harts: Int,
        memoryBytes: UInt64, uptimeSeconds: Double, startedAt: UInt64, engine: String,
        version: String, log: String? = nil, drives: [String] = [], forwards: [ForwardedPort] = [],
        folder: String? = nil
    ) {
        self.name = name
        self.process = process
        self.state = state
        self.image = image
        self.arguments = arguments
        self.harts = harts
        self.memoryBytes = memoryBytes
        self.uptimeSeconds = uptimeSeconds
        self.startedAt = startedAt
        self.engine = engine
        self.version = version
        self.log = log
        self.drives = drives
        self.forwards = forwards
        self.folder = folder
    }

    package var json: JSON {
        [
            "name": .string(name), "pid": JSON(process), "state": .string(state.rawValue),
            "image": .string(image), "arguments": .string(arguments), "harts": JSON(harts),
            "memory": JSON(memoryBytes), "uptime": .number(uptimeSeconds),
            "started": JSON(startedAt), "engine": .string(engine), "version": .string(version),
            "log": JSON(log), "drives": .array(drives.map { .string($0) }),
            "forwards": .array(forwards.map(\.json)), "folder": JSON(folder),
        ]
    }

    /// What a control socket said; nil when something is missing.
    package init?(_ json: JSON) {
        guard let name = json["name"]?.text, let process = json["pid"]?.integer,
            let state = json["state"]?.text.flatMap({ State(rawValue: $0) }),
            let image = json["image"]?.text, let harts = json["harts"]?.integer,
            let memory = json["memory"]?.integer, let uptime = json["uptime"]?.number
        else { return nil }
        self.init(
            name: name, process: Int(process), state: state, image: image,
            arguments: json["arguments"]?.text ?? "", harts: Int(harts),
            memoryBytes: UInt64(clamping: memory), uptimeSeconds: uptime,
            startedAt: UInt64(clamping: json["started"]?.integer ?? 0),
            engine: json["engine"]?.text ?? "", version: json["version"]?.text ?? "",
            log: json["log"]?.text, drives: (json["drives"]?.elements ?? []).compactMap(\.text),
            forwards: (json["forwards"]?.elements ?? []).compactMap { ForwardedPort($0) },
            folder: json["folder"]?.text)
    }
}

/// A port of the host that leads to one of the guest.
package struct ForwardedPort: Sendable, Equatable {
    package var hostPort: Int
    package var guestPort: Int
    package init(hostPort: Int, guestPort: Int) {
        self.hostPort = hostPort
        self.guestPort = guestPort
    }
    var json: JSON { ["host": JSON(hostPort), "guest": JSON(guestPort)] }
    init?(_ json: JSON) {
        guard let host = json["host"]?.integer, let guest = json["guest"]?.integer,
            (1...65535).contains(host), (1...65535).contains(guest)
        else { return nil }
        self.init(hostPort: Int(host), guestPort: Int(guest))
    }
}
