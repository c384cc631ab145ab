import Testing
import dev

@Suite struct TestTallyTests {
    private func tally(_ events: [String]) -> TestTally {
        var tally = TestTally()
        for name in ["a", "b", "c", "d"] {
            tally.read(
                #"{"kind":"test","payload":{"kind":"function","id":"\#(name)","name":"n"},"version":0}"#
            )
        }
        tally.read(#"{"kind":"test","payload":{"kind":"suite","id":"S"},"version":0}"#)
        for event in events {
            tally.read(#"{"kind":"event","payload":{"kind":\#(event)},"version":0}"#)
        }
        return tally
    }

    @Test func endedTestsAreCounted() {
        let tally = tally([
            #""testStarted","testID":"S""#, #""testStarted","testID":"a""#,
            #""issueRecorded","testID":"a","issue":{"isKnown":false}"#,
            #""testEnded","testID":"a""#,
            #""testStarted","testID":"b""#,
            #""issueRecorded","testID":"b","issue":{"isKnown":true}"#, #""testEnded","testID":"b""#,
            #""testSkipped","testID":"c""#, #""testStarted","testID":"d""#,
            #""testEnded","testID":"d""#,
            #""testEnded","testID":"S""#, #""runEnded""#,
        ])
        #expect(tally.summary == "2 passed, 1 failed, 1 skipped")
        #expect(tally.failed == ["a"] && tally.skipped == ["c"] && tally.isComplete)
    }

    @Test func aCrashFailsWhatHasNotEnded() {
        let tally = tally([
            #""testStarted","testID":"a""#, #""testEnded","testID":"a""#,
            #""testStarted","testID":"b""#,
        ])
        #expect(tally.running == ["b"])
        #expect(tally.summary == "1 passed, 3 failed, 0 skipped" && !tally.isComplete)
    }

    @Test func namesLoseTheirPlaces() {
        #expect(TestTally.shortName("Tidy.Words/are()/WordTests.swift:3:6") == "Tidy.Words/are()")
    }

    @Test func onlyWhatNeedsMoreMayBeSkipped() {
        let soak = "GuestRuns.NestedLinuxSoak/debian()/NestedLinuxSoak.swift:3:4"
        #expect(TestTally.mayBeSkipped(soak, isSoak: false))
        #expect(!TestTally.mayBeSkipped(soak, isSoak: true))
        #expect(TestTally.mayBeSkipped("GuestRuns.XV6Runs/tests()/XV6Runs.swift:3:4", isSoak: true))
        #expect(!TestTally.mayBeSkipped("A.B/c()/B.swift:3:4", isSoak: false))
    }
}
