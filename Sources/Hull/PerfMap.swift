import Bits
import Glibc
import HostIO
import Loader
import RISCV
import Translator

/// The file by which Linux's `perf` names generated code: a line `start size name` for each piece, in
/// hexadecimal (tools/perf/Documentation/jit-interface.txt).
///
/// Units are named by the function of the guest that they are part of, so that a report adds them up.
final class PerfMap {
    let path: String
    private let descriptor: Int32
    private var buffer: [UInt8] = []

    init() throws(HullError) {
        path = "/tmp/perf-\(getpid()).map"
        // SAFETY: the path is a string that lives through the call.
        descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw HullError(
                .host, "The profile cannot be written to \(path).", cause: systemMessage(errno))
        }
    }
    deinit {
        flush()
        close(descriptor)
    }

    func add(_ unit: TranslatedUnit, _ tables: [SymbolTable]) {
        let name =
            tables.lazy.compactMap { $0.name(at: unit.pc)?.name }.first
            ?? "0x\(String(unit.pc, radix: 16))"
        add(unit.code, unit.hostBytes, "\(name) [\(unit.privilege.letter)]")
    }
    func add(_ start: UInt64, _ count: Int, _ name: String) {
        buffer += Array(Self.line(start, count, name).utf8)
        if buffer.count > 1 << 16 { flush() }
    }
    static func line(_ start: UInt64, _ count: Int, _ name: String) -> String {
        "\(String(start, radix: 16)) \(String(count, radix: 16)) \(name)\n"
    }

    func flush() {
        _ = HostFile.writeAll(descriptor, buffer)
        buffer.removeAll(keepingCapacity: true)
    }
}
