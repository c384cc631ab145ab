import Control
import Foundation
import HostIO
import TestKit
import Testing

/// Clients of the control socket who mean no good, or no harm but are many.
@Suite(.serialized) struct ControlFuzzRuns {
    @Test func aHundredClientsAtOnce() throws {
        try Hulls.with { hulls in
            let name = try hulls.start()
            try hulls.expect("skiff> ", on: name)
            let socket = hulls.sockets.appendingPathComponent("\(name).sock").path
            // All are connected before the first asks.
            let clients = try (0..<100).map { _ in try RawSocket(socket) }
            let requests = [
                "GET /v1/machine", "GET /v1/stats", "POST /v1/pause", "POST /v1/resume",
            ]
            for (index, client) in clients.enumerated() {
                let line = index % 10 == 9 ? "POST /v1/resume" : requests[index % 4]
                client.send(Array("\(line) HTTP/1.1\r\nConnection: close\r\n\r\n".utf8))
            }
            for client in clients {
                var answer: [UInt8] = []
                while let more = client.receive() { answer += more }
                #expect(answer.starts(with: "HTTP/1.1 200 OK\r\n".utf8))
            }
            #expect(try hulls.run(["resume", name]).status == 0)
            let before = try hulls.retired(name)
            let visit = try hulls.run(["console", name], input: "primes 1000\npoweroff\n")
            #expect(visit.text.contains("168 primes") && before > 0)
        }
    }

    @Test func theMachineRunsOnWhateverIsSent() throws {
        try Hulls.with { hulls in
            let name = try hulls.start()
            try hulls.expect("skiff> ", on: name)
            let socket = hulls.sockets.appendingPathComponent("\(name).sock").path
            let corpus = [
                "GET /v1/stats HTTP/1.1\r\nHost: x\r\n\r\n",
                "POST /v1/console/size HTTP/1.1\r\nContent-Length: 24\r\n\r\n{\"columns\":80,\"rows\":24}",
                "POST /v1/console/attach?input=false HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: hull-console\r\n\r\nls\n",
            ].map { Array($0.utf8) }
            // Some who begin and never go on.
            let slow = try (0..<20).map { index in
                let client = try RawSocket(socket)
                client.send(Array(corpus[0].prefix(index)))
                return client
            }
            var half: [RawSocket] = []
            let finding = fuzz(
                seed: Effort.seeds[3], rounds: Effort.rounds(300, share: 30), corpus: corpus
            ) { input, round in
                guard let client = try? RawSocket(socket) else { return "nobody listens" }
                client.send(input)
                switch round % 4 {
                // Hangs up at once, with the answer on its way.
                case 0: break
                // Closes one half and stays.
                case 1:
                    client.endInput()
                    half.append(client)
                    if half.count > 20 { half.removeFirst() }
                // Waits for what comes.
                default:
                    client.endInput()
                    _ = client.receive()
                }
                return nil
            }
            #expect(finding == nil, "\(String(describing: finding))")
            #expect(try hulls.retired(name) > 0)
            let visit = try hulls.run(["console", name], input: "primes 1000\npoweroff\n")
            #expect(visit.text.contains("168 primes"), "\(visit.text)")
            #expect(slow.count == 20)
        }
    }
}
