import Bits
import HostIO

/// Modules out of an unpacked kernel package, with what they depend on. A package has no list of that:
/// each module says it itself.
struct KernelModules {
    /// By name, with hyphens as underscores.
    private var files: [String: String] = [:]
    /// Contents of files that lie in no folder.
    private var contents: [String: ArraySlice<UInt8>] = [:]
    private(set) var modules: [String: Module] = [:]

    struct Module {
        var content: [UInt8]
        var dependencies: [String]
    }

    /// Looks for the modules of the kernel that was unpacked into `folder`.
    init(in folder: String) throws(HullError) {
        let found = try ChildProcess("find", [folder, "-type", "f", "-name", "*.ko*"]).run()
        for path in found.text.split(separator: "\n") {
            let file = path.split(separator: "/").last ?? ""
            files[Self.normal(file.prefix { $0 != "." })] = String(path)
        }
    }

    /// Takes the modules among the files of a kernel's package.
    init(_ package: DebianPackage) {
        for file in package.files where file.path.contains(".ko") {
            let name = file.path.split(separator: "/").last ?? ""
            files[Self.normal(name.prefix { $0 != "." })] = file.path
            contents[file.path] = file.content
        }
    }

    private static func normal(_ name: some StringProtocol) -> String {
        String(name.map { $0 == "-" ? "_" : $0 })
    }

    /// Reads modules and what they need, and returns their names in the order in which they can be
    /// loaded. One that the kernel does not have as a module is built in, or not needed by this version.
    mutating func loadOrder(of names: [String]) throws(HullError) -> [String] {
        var order: [String] = []
        for name in names { try visit(Self.normal(name), &order) }
        return order
    }

    private mutating func visit(_ name: String, _ order: inout [String]) throws(HullError) {
        guard !order.contains(name), let module = try read(name) else { return }
        for other in module.dependencies where other != name { try visit(other, &order) }
        if !order.contains(name) { order.append(name) }
    }

    private mutating func read(_ name: String) throws(HullError) -> Module? {
        if let known = modules[name] { return known }
        guard let path = files[name] else { return nil }
        var content = if let here = contents[path] { Array(here) } else { try HostFile.read(path) }
        let formats: [(String, CompressionFormat)] = [
            (".xz", .xz), (".zst", .zstd), (".gz", .gzip),
        ]
        for (ending, format) in formats where path.hasSuffix(ending) {
            content = try Decompression.decompress(content[...], format, 256 << 20)
        }
        let module = Module(
            content: content, dependencies: Self.dependencies(of: content).map { Self.normal($0) })
        modules[name] = module
        return module
    }

    /// The names in `depends=a,b` of the module's `.modinfo` strings.
    static func dependencies(of module: [UInt8]) -> [Substring] {
        let key = [0] + Array("depends=".utf8)
        var at = module.startIndex
        while let zero = module[at...].firstIndex(of: 0) {
            at = zero + 1
            guard module[zero...].starts(with: key) else { continue }
            let value = module[(zero + key.count)...].prefix { $0 != 0 }
            return String(decoding: value, as: UTF8.self).split(separator: ",")
        }
        return []
    }
}
