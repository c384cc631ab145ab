import Testing
import Translator

@Suite struct WrittenPagesTests {
    @Test func codeThatIsWrittenAgainAndAgainWaitsBeforeItIsTranslated() {
        let pages = WrittenPages()
        let page: UInt64 = 0x8020_0000
        let atFirst = pages.areYoung(page)
        for _ in 0..<8 { pages.note(page) }
        let neighbour = pages.areYoung(page + 4096)
        var visits = 0
        while pages.areYoung(page) && visits < 100 { visits += 1 }
        // It stayed, until the next write.
        let later = pages.areYoung(page)
        pages.note(page)
        let again = pages.areYoung(page)
        #expect(visits == 12)
        #expect([atFirst, neighbour, later, again] == [false, false, false, true])
    }

    @Test func aPageThatSharesAnEntryStartsAnew() {
        let pages = WrittenPages()
        for _ in 0..<8 { pages.note(0x8020_0000) }
        pages.note(0x8020_0000 + 1024 * 4096)
        let young = [pages.areYoung(0x8020_0000 + 1024 * 4096), pages.areYoung(0x8020_0000)]
        #expect(young == [false, false])
    }
}
