/// What a machine has done so far, for whoever asks its control socket.
package struct MachineFigures: Sendable, Equatable {
    package struct HartFigures: Sendable, Equatable {
        package var hart: Int
        package var retired: UInt64
        /// Time that a thread of the host spent on it.
        package var hostSeconds: Double
        /// The share of the machine's time that it sat in `wfi`, 0…1.
        package var waitShare: Double
        package init(hart: Int, retired: UInt64, hostSeconds: Double, waitShare: Double) {
            self.hart = hart
            self.retired = retired
            self.hostSeconds = hostSeconds
            self.waitShare = waitShare
        }
        var json: JSON {
            [
                "hart": JSON(hart), "retired": JSON(retired), "hostSeconds": .number(hostSeconds),
                "waitShare": .number(waitShare),
            ]
        }
    }
    /// Loads and stores of a device's registers.
    package struct DeviceFigures: Sendable, Equatable {
        package var name: String
        package var loads: UInt64
        package var stores: UInt64
        package init(name: String, loads: UInt64, stores: UInt64) {
            self.name = name
            self.loads = loads
            self.stores = stores
        }
        var json: JSON {
            ["name": .string(name), "loads": JSON(loads), "stores": JSON(stores)]
        }
    }
    /// What the guest asked of a drive.
    package struct DriveFigures: Sendable, Equatable {
        package var reads: UInt64
        package var writes: UInt64
        package var flushes: UInt64
        package var bytesRead: UInt64
        package var bytesWritten: UInt64
        package init(
            reads: UInt64, writes: UInt64, flushes: UInt64, bytesRead: UInt64, bytesWritten: UInt64
        ) {
            self.reads = reads
            self.writes = writes
            self.flushes = flushes
            self.bytesRead = bytesRead
            self.bytesWritten = bytesWritten
        }
        func json(_ number: Int) -> JSON {
            [
                "name": .string("drive \(number)"), "reads": JSON(reads), "writes": JSON(writes),
                "flushes": JSON(flushes), "bytesRead": JSON(bytesRead),
                "bytesWritten": JSON(bytesWritten),
            ]
        }
    }
    /// A line of the engine's report.
    package struct Line: Sendable, Equatable {
        package var name: String
        package var value: Double
        package init(name: String, value: Double) {
            self.name = name
            self.value = value
        }
        var json: JSON {
            let whole = Int64(exactly: value).map { JSON.integer($0) }
            return ["name": .string(name), "value": whole ?? .number(value)]
        }
    }

    package var seconds: Double
    /// The guest's `time`, in seconds.
    package var guestSeconds: Double
    /// Time of all threads of the process.
    package var hostSeconds: Double
    package var harts: [HartFigures]
    /// What the process holds of the host's memory.
    package var residentBytes: UInt64
    /// How much of the guest's memory is backed by the host's.
    package var guestResidentBytes: UInt64
    package var devices: [DeviceFigures]
    package var drives: [DriveFigures]
    package var engine: [Line]

    package init(
        seconds: Double, guestSeconds: Double, hostSeconds: Double, harts: [HartFigures],
        residentBytes: UInt64, guestResidentBytes: UInt64, devices: [DeviceFigures],
        drives: [DriveFigures], engine: [Line]
    ) {
        self.seconds = seconds
        self.guestSeconds = guestSeconds
        self.hostSeconds = hostSeconds
        self.harts = harts
        self.residentBytes = residentBytes
        self.guestResidentBytes = guestResidentBytes
        self.devices = devices
        self.drives = drives
        self.engine = engine
    }

    package var json: JSON {
        [
            "seconds": .number(seconds), "guestSeconds": .number(guestSeconds),
            "hostSeconds": .number(hostSeconds), "harts": .array(harts.map(\.json)),
            "memory": [
                "resident": JSON(residentBytes), "guestResident": JSON(guestResidentBytes),
            ],
            "devices": .array(devices.map(\.json)),
            "drives": .array(drives.enumerated().map { $1.json($0) }),
            "engine": .array(engine.map(\.json)),
        ]
    }
}
