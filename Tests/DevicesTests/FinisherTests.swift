import Bits
import Devices
import Effects
import Testing

@Suite struct FinisherTests {
    func ends(_ value: UInt64, _ width: AccessWidth = .word) -> [Effect] {
        var finisher = Finisher()
        var effects = EffectList()
        #expect(finisher.write(0, value, width, &effects))
        return effects.items
    }

    @Test func commands() {
        #expect(ends(0x5555) == [.end(EndOfRun(.shutdown, exitCode: 0))])
        #expect(ends(0x5555, .half) == [.end(EndOfRun(.shutdown, exitCode: 0))])
        #expect(ends(0x7777) == [.end(EndOfRun(.reset, exitCode: 0))])
        #expect(ends(0x2a_3333) == [.end(EndOfRun(.failure, exitCode: 42))])
        #expect(ends(0x1234) == [])
    }

    @Test func failureNeverLooksLikeSuccess() {
        #expect(ends(0x3333) == [.end(EndOfRun(.failure, exitCode: 1))])
        #expect(ends(0x100_3333) == [.end(EndOfRun(.failure, exitCode: 255))])
        #expect(ends(0x2a_3333, .half) == [.end(EndOfRun(.failure, exitCode: 1))])
    }

    @Test func otherAccessesFault() {
        var finisher = Finisher()
        var effects = EffectList()
        #expect(finisher.read(0, .word, &effects) == 0)
        #expect(finisher.read(4, .word, &effects) == nil)
        #expect(finisher.read(0, .byte, &effects) == nil)
        #expect(!finisher.write(0, 0x5555, .double, &effects))
        #expect(effects.isEmpty)
    }
}
