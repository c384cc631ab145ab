import Control
import TestKit
import Testing

@Suite struct JSONTests {
    private func parse(_ text: String) throws(JSONFault) -> JSON {
        try JSON(parsing: Array(text.utf8))
    }

    @Test func valuesAreRead() throws {
        #expect(
            try parse(" [1, -2.5e1, true, null, \"a\\u00e9\\ud83d\\ude00\\n\"] ")
                == .array([.integer(1), .number(-25), .bool(true), .null, "aé😀\n"]))
        #expect(try parse(#"{"a": {"b": []}}"#)["a"]?["b"] == .array([]))
        #expect(try parse("9223372036854775807") == .integer(.max))
        #expect(try parse("9223372036854775808") == .number(9223372036854775808))
    }

    @Test(arguments: [
        "", " ", "{", "[1,]", "{\"a\":1,}", "01", "1.", "-", "+1", "1e", "nul", "\"", "\"\\x\"",
        "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"\n\"", "1 2", "{1:2}", "1e999",
        "'a'",
        "[1 2]", "{\"a\" 1}", "NaN", "\"\\u12g4\"", "\"\\u١٢٣٤\"",
    ])
    func whatIsNoJSONIsRefused(_ text: String) {
        #expect(throws: JSONFault.self) { try JSON(parsing: Array(text.utf8)) }
    }

    @Test func invalidBytesAndDepthAreRefused() {
        #expect(throws: JSONFault.self) { try JSON(parsing: [0x22, 0xff, 0x22]) }
        let deep = [UInt8](repeating: UInt8(ascii: "["), count: 60_000)
        #expect(throws: JSONFault.self) { try JSON(parsing: deep) }
        let fits = String(repeating: "[", count: 31) + "1" + String(repeating: "]", count: 31)
        #expect(throws: Never.self) { try JSON(parsing: Array(fits.utf8)) }
    }

    @Test func whatIsWrittenIsReadAgain() throws {
        let value: JSON = [
            "text": "\"\\\u{1}\u{7f}/é\r\n\t",
            "list": .array([.integer(.min), .number(0.1), .null]),
            "empty": .object([]), "no": .array([]), "yes": .bool(true),
        ]
        #expect(try parse(value.compact) == value)
        #expect(try parse(value.readable) == value)
        #expect(JSON.number(.infinity).compact == "null")
    }

    /// Any bytes give a value or a fault; a value is written and read to the same value.
    @Test func anyBytesAreSafe() {
        let corpus = [
            #"{"a":[1,2.5,-3e2,true,false,null,"x\u00e9\ud83d\ude00\n"],"b":{"c":{}}}"#,
            "[[[[[[[[1]]]]]]]]", "\"\\\\\\\"\\/\\b\\f\\n\\r\\t\"",
        ].map { Array($0.utf8) }
        let finding = fuzz(
            seed: Effort.seeds[0], rounds: Effort.rounds(20_000), corpus: corpus
        ) { input, _ in
            guard let value = try? JSON(parsing: input) else { return nil }
            let again = try? JSON(parsing: Array(value.compact.utf8))
            return again == value ? nil : "\(value.compact) is read as another value"
        }
        #expect(finding == nil, "\(String(describing: finding))")
    }
}
