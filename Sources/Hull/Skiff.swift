import Bits

/// The guest that comes with Hull.
enum Skiff {
    static func image() throws(HullError) -> [UInt8] {
        throw HullError(.unsupported, "Skiff is not built in yet; name an IMAGE.")
    }
}
