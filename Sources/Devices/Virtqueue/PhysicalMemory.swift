import Bits

/// Guest memory as a device sees it when it walks a structure there. Loads are little-endian and
/// `nil` where there is no RAM; a store says whether it happened.
package protocol PhysicalMemory: ~Copyable {
    func load16(_ address: GuestPhysical) -> UInt16?
    func load32(_ address: GuestPhysical) -> UInt32?
    func load64(_ address: GuestPhysical) -> UInt64?
    func store16(_ address: GuestPhysical, _ value: UInt16) -> Bool
    func store32(_ address: GuestPhysical, _ value: UInt32) -> Bool
    /// All of the range is RAM. It must be false for a range that wraps around.
    func contains(_ range: GuestRange) -> Bool
    /// Orders every access before it against every one after it, as other harts see them.
    func fence()
}
