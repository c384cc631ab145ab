/// What a direct exit within a page leaves behind its code, until the jump that leads there is chained:
///
///     jmp +0            ; unless a conditional jump comes here itself
///     mov eax, record
///     jmp exitChain
///     record: target, physical page, where the displacement to patch is in the buffer
enum ExitRecord {
    /// From the `mov` to the record.
    static let distance = 10
    static let bytes = 24
}
