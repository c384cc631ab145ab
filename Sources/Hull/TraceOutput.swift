import Bits
import Glibc
import HostIO
import Loader
import Machine

/// Where a trace goes: a file, or standard error.
final class TraceOutput {
    private static let bufferBytes = 1 << 16

    private let descriptor: Int32
    /// On a raw terminal a line needs its carriage return.
    private let returnsCarriage: Bool
    private var buffer: [UInt8] = []

    init(_ path: String?) throws(HullError) {
        if let path {
            // SAFETY: the path is a string that lives through the call.
            descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
            guard descriptor >= 0 else {
                throw HullError(
                    .host, "The trace cannot be written to \(path).", cause: HostCall.reason())
            }
        } else {
            descriptor = 2
        }
        returnsCarriage = Terminal.isOne(descriptor)
        buffer.reserveCapacity(Self.bufferBytes + 1024)
    }

    deinit {
        flush()
        if descriptor > 2 { close(descriptor) }
    }

    func write(_ text: String) {
        if returnsCarriage {
            for byte in text.utf8 {
                if byte == UInt8(ascii: "\n") { buffer.append(UInt8(ascii: "\r")) }
                buffer.append(byte)
            }
        } else {
            buffer.append(contentsOf: text.utf8)
        }
        if buffer.count >= Self.bufferBytes || returnsCarriage { flush() }
    }

    func flush() {
        _ = HostFile.writeAll(descriptor, buffer)
        buffer.removeAll(keepingCapacity: true)
    }
}

extension Configuration {
    /// Lets the machine write what it is asked to.
    func startTrace(of machine: Machine, _ boot: Boot) throws(HullError) -> TraceOutput? {
        guard !trace.isEmpty else { return nil }
        var kinds: TraceKinds = []
        for kind in trace {
            switch kind {
            case .instructions: kinds.insert(.instructions)
            case .traps: kinds.insert(.traps)
            case .mmio: kinds.insert(.mmio)
            case .csr: kinds.insert(.csr)
            case .commits: kinds.insert(.commits)
            case .exceptions: kinds.insert(.exceptions)
            // The engine's own.
            case .translation: continue
            }
        }
        let output = try TraceOutput(traceFile)
        let symbol = boot.symbol
        if !kinds.isEmpty {
            machine.trace(TraceSink(kinds, symbol: symbol) { output.write($0) })
        }
        return output
    }
}
