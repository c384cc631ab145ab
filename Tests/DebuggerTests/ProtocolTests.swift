import Debugger
import Testing

@Suite struct PacketTests {
    func feed(_ text: String) -> [DebugInput] {
        var parser = PacketParser()
        return text.utf8.compactMap { parser.feed($0) }
    }

    @Test func cutsPackets() {
        #expect(feed("+$g#67$m0,4#fd") == [.packet(Array("g".utf8)), .packet(Array("m0,4".utf8))])
    }
    @Test func asksAgainForDamage() {
        #expect(feed("$g#68") == [.damaged])
        #expect(feed("$g#zz") == [.damaged])
    }
    @Test func hearsInterruptsBetweenPackets() {
        #expect(feed("\u{3}$?#3f\u{3}") == [.interrupt, .packet(Array("?".utf8)), .interrupt])
    }
    @Test func unescapes() {
        #expect(feed("$a}\u{3}b#43") == [.packet([0x61, 0x23, 0x62])])
    }
    @Test func framesWithEscapes() {
        #expect(PacketParser.frame(Array("OK".utf8)) == Array("$OK#9a".utf8))
        var parser = PacketParser()
        let body: [UInt8] = [0x23, 0x24, 0x2a, 0x7d, 0x00, 0xff]
        let back = PacketParser.frame(body).compactMap { parser.feed($0) }
        #expect(back == [.packet(body)])
    }
    @Test func dropsWhatIsTooLong() {
        var parser = PacketParser()
        var got: [DebugInput] = []
        for byte in [UInt8(ascii: "$")] + [UInt8](repeating: 0x61, count: 1 << 20) {
            if let input = parser.feed(byte) { got.append(input) }
        }
        for byte in Array("#00".utf8) { if let input = parser.feed(byte) { got.append(input) } }
        #expect(got == [.damaged])
    }
}
