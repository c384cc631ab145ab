// swift-tools-version: 6.2
import PackageDescription

/// What every target is compiled with: warnings are errors, and each unsafe line says so.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

/// A room of the house. Its imports are the arrows of ARCHITECTURE.md, which `Tests/Tidy` compares.
func room(_ name: String, _ imports: [Target.Dependency] = [], path: String? = nil) -> Target {
    .target(name: name, dependencies: imports, path: path, swiftSettings: strict)
}

/// A room that is made of unsafe memory: the state block, the tables and generated code. There the
/// mark on each line would hide what the type's SAFETY comment says once.
func unsafeRoom(_ name: String, _ imports: [Target.Dependency] = []) -> Target {
    .target(
        name: name, dependencies: imports,
        swiftSettings: [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)])
}

func tests(_ name: String, _ imports: [Target.Dependency], resources: [String] = []) -> Target {
    .testTarget(
        name: name, dependencies: imports, exclude: resources, swiftSettings: strict)
}

let package = Package(
    name: "hull",
    products: [
        .library(name: "Hull", targets: ["Hull"]),
        .executable(name: "hull", targets: ["hull-command"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
    ],
    targets: [
        // Floor 0: pure, and also compiled as Embedded Swift.
        room("Bits"),
        room("FDT", ["Bits"]),
        room("Effects", ["Bits"]),
        room("RISCV", ["Bits"]),
        room("GuestMemory", ["Bits", "CHost"]),
        tests(
            "FloatTests", ["RISCV", "Hart", "GuestMemory", "Bits", "TestKit", "EngineKit"],
            resources: ["vectors.S"]),
        room("DiskImage", ["Bits"]),
        tests("GuestMemoryTests", ["GuestMemory", "Bits"]),
        // What threads share.
        room("Parallel", ["CHost"]),
        tests("ParallelTests", ["Parallel", "HostIO", "Bits"]),
        // Floor 1.
        room("SBI", ["RISCV", "Effects", "Bits"]),
        room("Devices", ["Effects", "Bits"]),
        room("Journal", ["Effects", "GuestMemory", "Bits"]),
        room("Ethernet", ["Effects"]),
        tests("EthernetTests", ["Ethernet", "Effects", "TestKit"]),
        room("Control"),
        tests("ControlTests", ["Control", "TestKit"]),
        room("NineP"),
        tests("JournalTests", ["Journal", "Effects"]),
        // Floor 2.
        unsafeRoom("Hart", ["RISCV", "GuestMemory", "Bits", "CHost"]),
        room("Virtio", ["Devices", "Journal", "Ethernet", "Effects", "GuestMemory", "Bits"]),
        tests("VirtioTests", ["Virtio", "GuestMemory", "Effects", "Bits"]),
        // The monitor's logic; what only a real hart can run lies beside it, in Guests/Keel/Kernel.
        room(
            "Keel", ["RISCV", "SBI", "Devices", "FDT", "Effects", "Bits"],
            path: "Guests/Keel/Monitor"),
        tests(
            "KeelTests", ["Keel", "RISCV", "SBI", "Devices", "FDT", "Effects", "Bits", "TestKit"]),
        // Floor 3.
        room(
            "Machine",
            [
                "Hart", "SBI", "Devices", "Virtio", "Journal", "FDT", "RISCV", "Effects",
                "GuestMemory", "Parallel", "Bits", "CHost",
            ]),
        tests(
            "MachineTests",
            [
                "Machine", "Hart", "FDT", "RISCV", "Effects", "Devices", "Journal", "GuestMemory",
                "Bits", "TestKit",
            ]),
        unsafeRoom("Translator", ["Hart", "RISCV", "GuestMemory", "Bits", "CHost"]),
        tests(
            "TranslatorTests",
            ["Hull", "Translator", "Hart", "RISCV", "GuestMemory", "Bits", "TestKit"],
            resources: ["Golden"]),
        room(
            "HostIO",
            [
                "Control", "DiskImage", "Journal", "Ethernet", "NineP", "GuestMemory", "Parallel",
                "Effects", "Bits", "CHost",
            ]),
        tests(
            "HostIOTests",
            [
                "HostIO", "DiskImage", "Journal", "NineP", "GuestMemory", "Effects", "Bits",
                "CHost",
                "HostProbe",
                "TestKit",
            ]),
        .executableTarget(
            name: "HostProbe", dependencies: ["HostIO", "Journal", "Effects", "Bits"],
            path: "Tests/Probes/HostProbe", swiftSettings: strict),
        room("Loader", ["Bits"]),
        // Floor 4.
        room("Debugger", ["Machine", "Hart", "RISCV", "Effects", "Bits"]),
        // Floor 5: what people use.
        room(
            "Hull",
            [
                "Machine", "Translator", "Debugger", "HostIO", "Loader", "Hart", "RISCV",
                "Devices", "Virtio", "Control", "DiskImage", "Journal", "FDT", "SBI", "Effects",
                "GuestMemory", "Bits", "CHost",
            ]),
        .executableTarget(
            name: "hull-command",
            dependencies: [
                "Hull", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "BootSkiff", dependencies: ["Hull"], path: "Examples/BootSkiff",
            swiftSettings: strict),
        // The command and the library as people use them.
        tests(
            "EndToEnd",
            [
                "Hull", "Control", "hull-command", "BootSkiff", "DiskImage", "HostIO", "TestKit",
                "GuestKit",
            ], resources: ["KVM"]),
        // What several test targets share.
        .target(name: "TestKit", path: "Tests/TestKit", swiftSettings: strict),
        .target(
            name: "GuestKit", dependencies: ["Hull", "HostIO", "Bits"], path: "Tests/GuestKit",
            swiftSettings: strict),
        .target(
            name: "EngineKit", dependencies: ["Translator", "Hart", "GuestMemory"],
            path: "Tests/EngineKit", swiftSettings: strict),
        // Random programs that two engines run side by side.
        .target(
            name: "StreamKit", dependencies: ["Hart", "RISCV", "GuestMemory", "Bits", "TestKit"],
            path: "Tests/StreamKit", swiftSettings: strict),
        .executableTarget(
            name: "StreamHunt", dependencies: ["StreamKit", "EngineKit"],
            path: "Tests/Probes/StreamHunt", swiftSettings: strict),
        tests(
            "LockstepTests",
            [
                "StreamKit", "EngineKit", "Translator", "Hart", "RISCV", "GuestMemory", "Bits",
                "TestKit",
            ]),
        tests("DebianTests", ["Hull", "HostIO", "Bits", "GuestKit", "TestKit"]),
        // The house's rules, read from ARCHITECTURE.md and GLOSSARY.md.
        tests("Tidy", ["TestKit"]),
        tests("DiskImageTests", ["DiskImage", "HostIO", "Bits", "TestKit"]),
        tests("LoaderTests", ["Loader", "HostIO", "Bits", "TestKit"]),
        // Chores: `swift run dev …`.
        .executableTarget(
            name: "dev", dependencies: ["Hull", "RISCV", "HostIO", "Parallel", "Bits", "CHost"],
            swiftSettings: strict),
        tests("DevTests", ["dev"]),
        // What Swift cannot say: embedded images, memfd, floating point under MXCSR.
        .target(name: "CHost"),
        tests("FDTTests", ["FDT"]),
        tests("RISCVTests", ["RISCV", "Bits", "TestKit"]),
        tests("SkiffTests", ["Hull", "CHost", "TestKit"]),
        tests("DevicesTests", ["Devices", "Effects", "Bits", "TestKit"]),
        tests("SBITests", ["SBI", "RISCV", "Effects", "Bits", "TestKit"]),
        tests(
            "Conformance",
            [
                "Machine", "Hart", "RISCV", "Loader", "Journal", "Effects", "GuestMemory", "Bits",
                "TestKit", "EngineKit",
            ],
            resources: ["Programs"]),
        // Harts that run at the same time.
        tests(
            "LitmusTests",
            [
                "Machine", "Translator", "Hart", "HostIO", "Loader", "Journal", "Effects",
                "GuestMemory", "Bits", "TestKit",
            ],
            resources: ["Programs"]),
        tests("HartTests", ["Hart", "RISCV", "GuestMemory", "Bits", "TestKit", "EngineKit"]),
        tests(
            "DebuggerTests", ["Debugger", "Machine", "Hart", "Effects", "Bits"]),
        tests(
            "GuestRuns", ["hull-command", "Control", "HostIO", "GuestKit", "TestKit"],
            resources: ["Adversaries"]),
    ]
)
