import Control
import TestKit
import Testing

@Suite struct ConversationTests {
    private let machine = FakeMachine()

    /// Everything that comes back for these bytes.
    private func talk(_ text: String, ends: Bool = true) -> (text: String, isOver: Bool) {
        var conversation = Conversation(machine)
        conversation.receive(Array(text.utf8))
        if ends { conversation.endInput() }
        return drain(&conversation)
    }
    private func drain(_ conversation: inout Conversation) -> (text: String, isOver: Bool) {
        var output: [UInt8] = []
        while !conversation.pending.isEmpty {
            let some = conversation.pending.prefix(1000)
            output += some
            conversation.sent(some.count)
        }
        return (String(decoding: output, as: UTF8.self), conversation.isOver)
    }
    private func post(_ path: String, _ body: String) -> String {
        talk("POST \(path) HTTP/1.1\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)").text
    }
    private let upgrade =
        " HTTP/1.1\r\nConnection: keep-alive, Upgrade\r\nUpgrade: hull-console\r\n\r\n"

    @Test func requestsAreAnsweredInOrder() {
        let one = "GET /v1/machine HTTP/1.1\r\n\r\n"
        let (text, isOver) = talk(one + one + "GET /v1/none HTTP/1.1\r\n\r\n")
        #expect(
            text.components(of: "HTTP/1.1 200 OK") == 2 && text.components(of: "HTTP/1.1 404 ") == 1
        )
        #expect(text.hasSuffix("\"}\n") && isOver)
        #expect(!talk(one, ends: false).isOver)
        #expect(talk("GET /v1/machine HTTP/1.0\r\n\r\n", ends: false).isOver)
    }

    @Test func aMachineThatIsStuckIsSaidToBe() {
        machine.state.withLock {
            $0.isStuck = true
            $0.room = 3
        }
        for path in ["/v1/pause", "/v1/resume"] {
            #expect(post(path, "").hasPrefix("HTTP/1.1 503 "))
        }
        #expect(talk("GET /v1/stats HTTP/1.1\r\n\r\n").text.hasPrefix("HTTP/1.1 503 "))
        #expect(talk("GET /v1/balloon HTTP/1.1\r\n\r\n").text.hasPrefix("HTTP/1.1 503 "))
        #expect(post("/v1/balloon", #"{"bytes": 0}"#).hasPrefix("HTTP/1.1 503 "))
        let typed = post("/v1/console/input", #"{"text": "12345"}"#)
        #expect(typed.hasPrefix("HTTP/1.1 503 ") && typed.contains("of 5 bytes 3 were typed"))
        #expect(machine.state.withLock { $0.typed } == Array("123".utf8))
    }

    @Test func aBalloonIsAskedFor() {
        #expect(post("/v1/balloon", #"{"bytes": 1048576}"#).contains(#""wanted":1048576"#))
        #expect(machine.state.withLock { $0.balloonBytes } == 1 << 20)
        for body in ["", #"{"bytes": 67108865}"#, #"{"bytes": "1"}"#] {
            #expect(post("/v1/balloon", body).hasPrefix("HTTP/1.1 400 "))
        }
        machine.state.withLock { $0.hasBalloon = false }
        #expect(talk("GET /v1/balloon HTTP/1.1\r\n\r\n").text.hasPrefix("HTTP/1.1 409 "))
        #expect(post("/v1/balloon", #"{"bytes": 0}"#).hasPrefix("HTTP/1.1 409 "))
    }

    @Test func wishesReachTheMachine() {
        #expect(post("/v1/stop", "").contains("asked"))
        #expect(post("/v1/stop", #"{"force": true}"#).contains("ending"))
        #expect(machine.state.withLock { $0.stops } == [false, true])
        _ = post("/v1/console/size", #"{"rows": 50, "columns": 132}"#)
        #expect(machine.state.withLock { $0.size } == [132, 50])
    }

    @Test func theConsoleComesWithItsHistory() {
        machine.state.withLock {
            $0.printed = Array(repeating: 0x78, count: 70_000) + Array("$ ".utf8)
        }
        var conversation = Conversation(machine)
        conversation.receive(Array(("POST /v1/console/attach" + upgrade + "ls\n").utf8))
        let (text, _) = drain(&conversation)
        #expect(text.hasPrefix("HTTP/1.1 101 Switching Protocols\r\n") && text.hasSuffix("xx$ "))
        #expect(text.utf8.count < 66_000 && text.utf8.count > 65_536)
        #expect(machine.state.withLock { $0.typed } == Array("ls\n".utf8))
        // What is printed later comes when somebody steps.
        machine.state.withLock { $0.printed += Array("file\n".utf8) }
        conversation.step()
        #expect(drain(&conversation).text == "file\n")
        // A typist who goes may still watch.
        conversation.endInput()
        machine.state.withLock { $0.printed += Array("more\n".utf8) }
        conversation.step()
        #expect(drain(&conversation) == ("more\n", false))
    }

    @Test func watchersDoNotType() {
        var conversation = Conversation(machine)
        conversation.receive(
            Array(("POST /v1/console/attach?input=false&history=false" + upgrade + "rm\n").utf8))
        conversation.receive(Array("more".utf8))
        #expect(machine.state.withLock { $0.typed } == [])
    }

    @Test func whoTypesFasterThanTheGuestReadsIsHeldUp() {
        machine.state.withLock { $0.room = 10 }
        var conversation = Conversation(machine)
        conversation.receive(Array(("POST /v1/console/attach" + upgrade).utf8))
        conversation.receive([UInt8](repeating: 0x61, count: 20_000))
        #expect(!conversation.wantsInput)
        #expect(machine.state.withLock { $0.typed.count } == 10)
        machine.state.withLock { $0.room = 100_000 }
        conversation.step()
        #expect(conversation.wantsInput && machine.state.withLock { $0.typed.count } == 20_000)
    }

    @Test func whoReadsTooSlowlyIsToldWhatIsMissing() {
        var conversation = Conversation(machine)
        conversation.receive(Array(("POST /v1/console/attach" + upgrade).utf8))
        _ = drain(&conversation)
        machine.state.withLock {
            $0.printed = Array("0123456789".utf8)
            $0.skipped = 4
        }
        conversation.step()
        #expect(drain(&conversation).text == "\r\n[hull: 4 bytes are missing here]\r\n456789")
    }

    @Test func aSlowRequestIsGivenUp() {
        var conversation = Conversation(machine)
        #expect(!conversation.isMidRequest)
        conversation.receive(Array("GET /v1/mach".utf8))
        #expect(conversation.isMidRequest)
        conversation.giveUp()
        let (text, isOver) = drain(&conversation)
        #expect(text.hasPrefix("HTTP/1.1 408 ") && isOver)
    }

    @Test func aBodyThatWaitsForAWordGetsIt() {
        var conversation = Conversation(machine)
        conversation.receive(
            Array(
                "POST /v1/stop HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n".utf8))
        #expect(drain(&conversation).text == "HTTP/1.1 100 Continue\r\n\r\n")
        conversation.receive(Array("{}".utf8))
        #expect(drain(&conversation).text.hasPrefix("HTTP/1.1 202 "))
    }

    /// Requests are not answered faster than their answers are read.
    @Test func answersAreNotPiledUp() {
        var conversation = Conversation(machine)
        let flood = String(repeating: "GET /v1/machine HTTP/1.1\r\n\r\n", count: 400)
        for _ in 0..<100 where conversation.wantsInput { conversation.receive(Array(flood.utf8)) }
        #expect(conversation.pending.count < 1 << 20 && !conversation.wantsInput)
        let answers = drain(&conversation).text.components(of: "HTTP/1.1 200 OK")
        #expect(answers > 400 && answers % 400 == 0)
    }

    /// Any bytes are answered by HTTP or by silence, and what was said stays bounded.
    @Test func anyBytesAreSafe() {
        let corpus = [
            "GET /v1/machine HTTP/1.1\r\nHost: x\r\n\r\n",
            "POST /v1/stop HTTP/1.1\r\nContent-Length: 15\r\n\r\n{\"force\": true}",
            "POST /v1/console/input HTTP/1.1\r\nContent-Length: 13\r\n\r\n{\"text\":\"ls\"}",
            "POST /v1/console/attach" + upgrade + "ls\n",
            "POST /v1/pause HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        ].map { Array($0.utf8) }
        let finding = fuzz(
            seed: Effort.seeds[2], rounds: Effort.rounds(10_000), corpus: corpus
        ) { input, round in
            var conversation = Conversation(machine)
            var rest = input[...]
            while !rest.isEmpty {
                let some = rest.prefix(1 + round % 37)
                rest = rest.dropFirst(some.count)
                if conversation.wantsInput { conversation.receive(Array(some)) }
            }
            if round % 2 == 0 { conversation.endInput() } else { conversation.giveUp() }
            let (text, _) = drain(&conversation)
            return text.isEmpty || text.hasPrefix("HTTP/1.1 ")
                ? nil : "the answer is \(text.prefix(80))"
        }
        #expect(finding == nil, "\(String(describing: finding))")
    }
}

extension String {
    fileprivate func components(of part: String) -> Int {
        ranges(of: part).count
    }
}
