/// What a direct exit within a page leaves behind its code: written after the jump that waits to be
/// chained.
///
///     jmp +0            ; patched once the target is known
///     mov eax, record
///     jmp exitChain
///     record: target, physical page
enum ExitRecord {
    /// From the record back to the jump.
    static let jumpDistance = 15
    static let bytes = 16
}
