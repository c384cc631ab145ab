import CSkiff
import SkiffABI

extension Program {
    private static func fileName(_ number: UInt64) -> [UInt8]? {
        var name = [UInt8](repeating: 0, count: 100)
        // SAFETY: the kernel writes at most the count it is given, before it returns.
        let count = unsafe name.withUnsafeMutableBufferPointer {
            call(.fileName, number, UInt64(UInt(bitPattern: $0.baseAddress)), UInt64($0.count))
        }
        return count < SystemCall.refused ? Array(name.prefix(Int(count))) : nil
    }

    private static func read(_ number: UInt64, from offset: UInt64) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 4096)
        // SAFETY: as above; the request lives until the call returns.
        let count = unsafe bytes.withUnsafeMutableBufferPointer { buffer in
            let request = [
                offset, UInt64(UInt(bitPattern: buffer.baseAddress)), UInt64(buffer.count),
            ]
            return unsafe request.withUnsafeBufferPointer {
                call(.fileRead, number, UInt64(UInt(bitPattern: $0.baseAddress)))
            }
        }
        return count < SystemCall.refused ? Array(bytes.prefix(Int(count))) : nil
    }

    static func list() -> UInt64 {
        var number: UInt64 = 0
        while let name = fileName(number) {
            write(.column(8, .decimal(call(.fileSize, number))), " ", .bytes(name), "\n")
            number += 1
        }
        return 0
    }

    static func concatenate(_ names: ArraySlice<ArraySlice<UInt8>>) -> UInt64 {
        var code: UInt64 = 0
        for wanted in names where !concatenate(wanted) {
            write("cat: ", .bytes(wanted), ": no such file, or it cannot be read\n")
            code = 1
        }
        return code
    }

    private static func concatenate(_ wanted: ArraySlice<UInt8>) -> Bool {
        var number: UInt64 = 0
        while let name = fileName(number) {
            guard name.elementsEqual(wanted) else {
                number += 1
                continue
            }
            var offset: UInt64 = 0
            while true {
                guard let bytes = read(number, from: offset) else { return false }
                if bytes.isEmpty { return true }
                write(bytes: bytes)
                offset += UInt64(bytes.count)
            }
        }
        return false
    }
}
