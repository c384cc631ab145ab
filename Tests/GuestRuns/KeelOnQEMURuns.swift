import GuestKit
import TestKit
import Testing

/// Keel on a machine that is not ours. Every kernel in every way takes a soak; `make test` takes those
/// that cost the least.
@Suite(.enabled(if: KeelMachine.hasQEMU, "qemu-system-riscv64 is not installed"))
struct KeelOnQEMURuns {
    private let scenes = KeelScenes(on: .qemu)
    private static let large = Effort.soaks ? KeelRuns.backEnds : ["cpu=hardware"]

    @Test(arguments: ["skiff.elf", "skiff-m.elf"], KeelRuns.backEnds)
    func skiffPassesItsSelftest(_ image: String, _ backEnd: String) throws {
        try scenes.selftest(image, backEnd)
    }

    @Test(arguments: ["cpu=trap", "cpu=hardware"])
    func twoGuestsRunSideBySide(_ backEnd: String) throws { try scenes.twoGuests(backEnd) }

    @Test(arguments: ["cpu=trap", "cpu=hardware"])
    func keelRunsKeel(_ backEnd: String) throws { try scenes.keelInKeel(backEnd) }

    @Test(
        .enabled(if: XV6Runs.tree != nil, "HULL_XV6 names no built xv6"), arguments: large)
    func xv6ReachesItsShell(_ backEnd: String) throws {
        try scenes.xv6(backEnd, "echo hello", prints: "\nhello", seconds: 600)
    }

    /// See `KeelRuns.debianReachesItsShell` for the one that is left out.
    @Test(
        .enabled(if: Guests.hasDebian, "Debian's kernel cannot be fetched"),
        arguments: large.filter { !$0.hasSuffix("shadow") })
    func debianReachesItsShell(_ backEnd: String) throws {
        try scenes.debian(backEnd, seconds: 1800)
    }
}
