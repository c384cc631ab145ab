import Testing
import dev

@Suite struct ManualPageTests {
    @Test func optionsAreListedAndHyphensEscaped() throws {
        let help = #"""
            {"serializationVersion":0,"command":{"commandName":"hull","abstract":"Runs guests","subcommands":[
            {"commandName":"boot","abstract":"Boot it","discussion":"Examples:\n  hull boot\nEnd","arguments":[
            {"kind":"option","names":[{"kind":"long","name":"kernel-entry"}],"valueName":"address",
            "abstract":".start","defaultValue":"0"},
            {"kind":"positional","valueName":"image"},
            {"kind":"flag","names":[{"kind":"short","name":"x"}],"shouldDisplay":false}]}]}}
            """#
        let page = try ManualPage(help: Array(help.utf8)).roff
        #expect(page.contains(".TH HULL 1"))
        #expect(
            page.contains("\\fB\\-\\-kernel\\-entry\\fR \\fIaddress\\fR\n\\&.start (default: 0)"))
        #expect(page.contains(".TP\n\\fIimage\\fR") && !page.contains("\\-x"))
        #expect(page.contains("Examples:\n.nf\n  hull boot\n.fi\nEnd"))
        #expect(throws: (any Error).self) { try ManualPage(help: [1]) }
    }
}
