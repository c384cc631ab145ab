/// Which guest registers live in host registers while generated code runs; the others stay in the
/// hart's state block.
struct RegisterMap {
    /// Host register of each x register; `inMemory` where there is none.
    var x: InlineArray<32, UInt8> = .init(repeating: RegisterMap.inMemory)
    var f: InlineArray<32, UInt8> = .init(repeating: RegisterMap.inMemory)
    static var inMemory: UInt8 { 0xff }

    func host(x register: Int) -> HostRegister? { HostRegister(rawValue: x[register & 31]) }
    func host(f register: Int) -> HostVector? { HostVector(rawValue: f[register & 31]) }

    /// The registers that compilers use most: of 100 references a5 has 19 % , sp 11 %, a4 10 %, a0 10 %,
    /// s0 7 %, a3 6 %, a1 5 %, a2 5 %, s1 4 %.
    static let standard: RegisterMap = {
        var map = RegisterMap()
        let pairs: [(Int, HostRegister)] = [
            (15, .rbx), (2, .rsi), (14, .rdi), (10, .r8), (8, .r9), (13, .r10), (11, .r11),
            (12, .r12), (9, .r13),
        ]
        for (guest, host) in pairs { map.x[guest] = host.rawValue }
        let floats = [15, 14, 13, 12, 11, 10, 0, 1, 2, 3, 8, 9, 16, 17]
        for (index, guest) in floats.enumerated() { map.f[guest] = UInt8(index + 2) }
        return map
    }()
}
