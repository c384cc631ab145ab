import Bits
import Effects
import Glibc
import HostIO
import Journal
import Testing

@Suite struct PrefixKeysTests {
    private func take(_ text: String) -> (String, [PrefixKeys.Command]) {
        var keys = PrefixKeys()
        let (bytes, commands) = keys.take(Array(text.utf8))
        return (String(decoding: bytes, as: UTF8.self), commands)
    }
    @Test func onlyThePrefixedKeysAreOurs() {
        #expect(take("axh") == ("axh", []))
        #expect(take("a\u{1}xb") == ("ab", [.quit]))
        #expect(take("\u{1}h\u{1}x") == ("", [.list, .quit]))
        #expect(take("\u{1}\u{1}x") == ("\u{1}x", []))
        #expect(take("\u{1}zq") == ("q", []))
    }
    @Test func aPrefixIsRememberedBetweenReads() {
        var keys = PrefixKeys()
        #expect(keys.take([1]).commands == [])
        #expect(keys.take([UInt8(ascii: "x")]).commands == [.quit])
    }
}

@Suite(.serialized) struct HostConsoleTests {
    /// Ten megabytes into a guest that reads slowly: each byte arrives once, in order.
    @Test func aPipeIsReadOnlyAsFastAsTheGuestTakesIt() throws {
        let total = 10 << 20
        let pipe = try Pipe()
        let writer = try HostThread("writer") {
            var chunk = [UInt8](repeating: 0, count: 64 << 10)
            var sent = 0
            while sent < total {
                for index in chunk.indices { chunk[index] = pattern(sent + index) }
                var done = 0
                while done < chunk.count {
                    let count = unsafe chunk.withUnsafeBytes {
                        unsafe write(
                            pipe.writer, $0.baseAddress.map { unsafe $0 + done },
                            chunk.count - done)
                    }
                    guard count > 0 else { return }
                    done += count
                }
                sent += chunk.count
            }
            close(pipe.writer)
        }
        let inbox = EventInbox()
        let console = try HostConsole(device: 3, input: pipe.reader, output: 2, inbox: inbox)
        var held = 0
        var seen = 0
        var wrong = 0
        var ended = false
        while !ended {
            // The guest takes a bit now and then.
            if inbox.isEmpty, held > 0 {
                console.inputTaken(min(held, 1000))
                held -= min(held, 1000)
                continue
            }
            _ = inbox.wait(timeoutNanoseconds: 1_000_000_000)
            for event in inbox.drain() {
                switch event {
                case .input(3, let bytes):
                    for byte in bytes {
                        if byte != pattern(seen) { wrong += 1 }
                        seen += 1
                    }
                    held += bytes.count
                    #expect(held <= HostConsole.windowBytes)
                case .inputClosed(3): ended = true
                default: Issue.record("unexpected \(event)")
                }
            }
        }
        #expect(seen == total && wrong == 0)
        writer.join()
        console.close()
        close(pipe.reader)
    }

    @Test func aClosedInputIsSaidToBeClosed() throws {
        let inbox = EventInbox()
        let console = try HostConsole(device: 1, input: 987, output: 2, inbox: inbox)
        let events = inbox.collect { $0 == .inputClosed(device: 1) }
        #expect(events == [.inputClosed(device: 1)])
        console.close()
    }

    @Test func aFileIsReadToItsEnd() throws {
        let file = try TemporaryFile(Array("echo hello\n".utf8))
        let descriptor = unsafe open(file.path, O_RDONLY)
        let inbox = EventInbox()
        let console = try HostConsole(device: 0, input: descriptor, output: 2, inbox: inbox)
        let events = inbox.collect { $0 == .inputClosed(device: 0) }
        #expect(
            events == [
                .input(device: 0, Array("echo hello\n".utf8)), .inputClosed(device: 0),
            ])
        console.close()
        close(descriptor)
    }

    @Test func outputGoesOutOnALineAndWhenFlushed() throws {
        let pipe = try Pipe()
        let console = try HostConsole(
            device: 0, input: 987, output: pipe.writer, inbox: EventInbox())
        for byte in "one\n".utf8 { console.output(byte) }
        #expect(receive(pipe.reader, untilText: "one\n") == "one\n")
        console.output(Array("# ".utf8))
        console.flush()
        #expect(receive(pipe.reader, untilText: "# ") == "# ")
        // A flood goes out by the block, and nothing of it is lost.
        let reader = try HostThread("reader") {
            let all = receive(pipe.reader) { $0.count >= 300_000 }
            #expect(all == (0..<300_000).map(pattern))
        }
        for index in 0..<300_000 { console.output(pattern(index)) }
        console.close()
        reader.join()
        close(pipe.reader)
        close(pipe.writer)
    }

    @Test func aDescriptorThatDoesNotBlockLosesNothing() throws {
        let pipe = try Pipe()
        _ = fcntl(pipe.writer, F_SETFL, O_NONBLOCK)
        let console = try HostConsole(
            device: 0, input: 987, output: pipe.writer, inbox: EventInbox())
        let reader = try HostThread("reader") {
            let all = receive(pipe.reader) { $0.count >= 200_000 }
            #expect(all == (0..<200_000).map(pattern))
        }
        console.output((0..<200_000).map(pattern))
        console.flush()
        reader.join()
        close(pipe.reader)
        close(pipe.writer)
    }

    @Test func aReaderThatLeavesEndsTheRun() throws {
        let pipe = try Pipe()
        let inbox = EventInbox()
        let console = try HostConsole(device: 0, input: 987, output: pipe.writer, inbox: inbox)
        close(pipe.reader)
        console.output(Array("nobody reads this\n".utf8))
        console.flush()
        let events = inbox.collect { if case .stop = $0 { true } else { false } }
        #expect(events.last == .stop(exitCode: 141))
        close(pipe.writer)
    }

    @Test func theKeysAreReadEvenWhileTheGuestTakesNothing() throws {
        let pty = try PseudoTerminal()
        defer { pty.closeBoth() }
        let before = pty.attributes
        #expect(!pty.isRaw)
        try Terminal.makeRaw(pty.terminal)
        #expect(pty.isRaw)
        let inbox = EventInbox()
        let console = try HostConsole(
            device: 0, input: pty.terminal, output: pty.terminal, inbox: inbox)
        send(pty.person, "\u{1}h")
        #expect(receive(pty.person, untilText: "for the guest").contains("Ctrl-A x"))
        for _ in 0..<10 { send(pty.person, String(repeating: "k", count: 1000)) }
        send(pty.person, "\u{1}x")
        let events = inbox.collect { $0 == .stop(exitCode: 0) }
        var typed = 0
        for case .input(_, let bytes) in events { typed += bytes.count }
        #expect(typed == HostConsole.windowBytes)
        console.inputTaken(typed)
        while typed < 10_000, inbox.wait(timeoutNanoseconds: 20_000_000_000) {
            for case .input(_, let bytes) in inbox.drain() {
                typed += bytes.count
                console.inputTaken(bytes.count)
            }
        }
        #expect(typed == 10_000)
        Terminal.restore()
        Terminal.restore()
        #expect(pty.attributes.c_lflag == before.c_lflag)
        #expect(pty.attributes.c_iflag == before.c_iflag)
        console.close()
    }
}

private func pattern(_ index: Int) -> UInt8 { UInt8(truncatingIfNeeded: index &* 31 &+ index >> 9) }

/// The terminal is as it was, whatever the end.
@Suite(.serialized) struct TerminalRestorationTests {
    private func end(_ how: String, _ signal: Int32? = nil, keys: String? = nil) throws -> Int32 {
        let pty = try PseudoTerminal()
        defer { pty.closeBoth() }
        let before = pty.attributes
        let probe = try Probe(["terminal", how], terminal: pty)
        _ = receive(pty.person, untilText: "ready")
        if let signal {
            #expect(pty.isRaw)
            probe.signal(signal)
        }
        if let keys {
            #expect(pty.isRaw)
            send(pty.person, keys)
        }
        let status = probe.wait()
        #expect(!pty.isRaw)
        #expect(pty.attributes.c_lflag == before.c_lflag)
        #expect(pty.attributes.c_iflag == before.c_iflag)
        #expect(pty.attributes.c_oflag == before.c_oflag)
        return status
    }

    @Test func atExit() throws { #expect(try end("exit") == 7) }
    @Test func byKey() throws { #expect(try end("wait", keys: "\u{1}x") == 0) }
    @Test(arguments: [SIGTERM, SIGINT, SIGHUP, SIGQUIT])
    func bySignal(number: Int32) throws { #expect(try end("wait", number) == 128 + number) }
    @Test(arguments: [SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE])
    func byCrashSignal(number: Int32) throws { #expect(try end("wait", number) == -number) }
    @Test func byAbort() throws { #expect(try end("abort") == -SIGABRT) }
    @Test func byTrap() throws { #expect(try end("trap") == -SIGILL) }
    @Test func byStackOverflow() throws { #expect(try end("overflow") == -SIGSEGV) }

    @Test func theWindowSizeArrives() throws {
        let pty = try PseudoTerminal()
        defer { pty.closeBoth() }
        let probe = try Probe(["terminal", "wait"], terminal: pty)
        _ = receive(pty.person, untilText: "ready")
        var size = winsize(ws_row: 33, ws_col: 101, ws_xpixel: 0, ws_ypixel: 0)
        let outcome = unsafe ioctl(pty.person, UInt(TIOCSWINSZ), &size)
        #expect(outcome == 0)
        #expect(receive(pty.person, untilText: "101x33").contains("size 101x33"))
        probe.signal(SIGTERM)
        #expect(probe.wait() == 128 + SIGTERM)
    }

    @Test func aStopGivesTheTerminalBackAndAContinueTakesIt() throws {
        let pty = try PseudoTerminal()
        defer { pty.closeBoth() }
        let probe = try Probe(["terminal", "wait"], terminal: pty)
        _ = receive(pty.person, untilText: "ready")
        probe.signal(SIGTSTP)
        var status: Int32 = 0
        unsafe _ = waitpid(probe.process, &status, WUNTRACED)
        #expect(status & 0xff == 0x7f)
        #expect(!pty.isRaw)
        probe.signal(SIGCONT)
        // It says its size once it is awake; the terminal is raw again before that.
        var size = winsize(ws_row: 10, ws_col: 55, ws_xpixel: 0, ws_ypixel: 0)
        unsafe _ = ioctl(pty.person, UInt(TIOCSWINSZ), &size)
        _ = receive(pty.person, untilText: "55x10")
        #expect(pty.isRaw)
        probe.signal(SIGTERM)
        #expect(probe.wait() == 128 + SIGTERM)
        #expect(!pty.isRaw)
    }
}
