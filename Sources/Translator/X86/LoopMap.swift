import RISCV

/// A hot loop over one unit gets a register map of its own: the registers that it uses most. Its entry
/// exchanges them for the standard ones, each way out changes them back.
struct LoopMap {
    /// Host register, the guest register of the standard map, the loop's.
    struct Exchange {
        var host: HostRegister
        var standard: Int
        var own: Int
    }
    var exchanges: InlineArray<9, Exchange> = .init(
        repeating: Exchange(host: .rbx, standard: 0, own: 0))
    var count = 0

    /// The registers of a unit, by how often its IR names them; nil where the standard map has them all.
    init?(_ block: IRBlock) {
        var uses: InlineArray<32, Int> = .init(repeating: 0)
        for index in 0..<block.count {
            let i = block.instructions[index]
            for place in [i.to, i.a, i.b, i.c] where place.isX { uses[place.index] += 1 }
        }
        uses[0] = 0
        let standard = RegisterMap.standard
        var wanted = (1..<32).filter { standard.host(x: $0) == nil && uses[$0] > 1 }
        wanted.sort { uses[$0] > uses[$1] }
        var given = (1..<32).filter { standard.host(x: $0) != nil }
        given.sort { uses[$0] < uses[$1] }
        for (own, old) in zip(wanted, given) {
            guard uses[own] > uses[old] + 1, let host = standard.host(x: old) else { break }
            exchanges[count] = Exchange(host: host, standard: old, own: own)
            count += 1
        }
        if count == 0 { return nil }
    }

    func apply(to map: inout RegisterMap) {
        for index in 0..<count {
            map.x[exchanges[index].standard] = RegisterMap.inMemory
            map.x[exchanges[index].own] = exchanges[index].host.rawValue
        }
    }
}

extension Emitter {
    mutating func enterLoopMap() {
        guard let loop else { return }
        for index in 0..<loop.count {
            let exchange = loop.exchanges[index]
            asm.store(.at(.rbp, StateLayout.x(exchange.standard)), exchange.host)
            asm.load(exchange.host, .at(.rbp, StateLayout.x(exchange.own)))
        }
    }
    mutating func leaveLoopMap() {
        guard let loop else { return }
        for index in 0..<loop.count {
            let exchange = loop.exchanges[index]
            asm.store(.at(.rbp, StateLayout.x(exchange.own)), exchange.host)
            asm.load(exchange.host, .at(.rbp, StateLayout.x(exchange.standard)))
        }
    }
}
