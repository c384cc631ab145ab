import CSkiff
import FDT
import SkiffABI

/// A word at the prompt.
struct Command {
    enum Body {
        /// Runs in the kernel, with the words of the line.
        case kernel((Kernel, [ArraySlice<UInt8>]) -> UInt64)
        /// Runs in user mode: Programs.swift.
        case program
    }
    let name: StaticString
    let summary: StaticString
    let body: Body

    static var all: [Command] {
        [
            Command(
                name: "help", summary: "this list", body: .kernel { kernel, _ in kernel.help() }),
            Command(
                name: "machine", summary: "what the machine has",
                body: .kernel { kernel, _ in kernel.showMachine() }),
            Command(
                name: "ps", summary: "the processes",
                body: .kernel { kernel, _ in kernel.showProcesses() }),
            Command(
                name: "uptime", summary: "time since the start, interrupts taken",
                body: .kernel { kernel, _ in kernel.showUptime() }),
            Command(name: "ls", summary: "the files", body: .program),
            Command(name: "cat", summary: "FILE…: their contents", body: .program),
            Command(name: "echo", summary: "WORD…: repeats them", body: .program),
            Command(name: "primes", summary: "[N]: the number of primes below N", body: .program),
            Command(
                name: "spin", summary: "[SECONDS]: keeps the hart busy; try spin 9 &",
                body: .program),
            Command(
                name: "crash", summary: "load|store|jump|illegal|csr: a program that may not",
                body: .program),
            Command(
                name: "selftest", summary: "checks the machine against the specifications",
                body: .kernel { kernel, _ in Selftest(kernel).run() }),
            Command(
                name: "nanobench",
                summary: "[NAME [TURNS]]: times eight operations of the privileged architecture",
                body: .kernel { kernel, words in kernel.nanobench(words.dropFirst()) }),
            Command(
                name: "kill", summary: "NUMBER: ends a process",
                body: .kernel { kernel, words in kernel.kill(words) }),
            Command(
                name: "poweroff", summary: "[CODE]: switches the machine off",
                body: .kernel { kernel, words in
                    kernel.powerOff(code: words.dropFirst().first?.decimal ?? 0)
                }),
            Command(
                name: "reboot", summary: "starts again",
                body: .kernel { kernel, _ in kernel.reboot() }),
        ]
    }
}

extension Kernel {
    func help() -> UInt64 {
        for command in Command.all {
            console.write(
                "  ", .column(12, .literal(command.name)), .literal(command.summary), "\n")
        }
        console.write("Commands between ; run in turn, a program before & in the background.\n")
        return 0
    }

    func showMachine() -> UInt64 {
        console.write(
            "hart       ", .decimal(board.hart), " of ", .decimal(UInt64(board.harts.count)), ", ",
            .bytes(board.isa), "\n")
        console.write(
            "memory     ", .hex(board.memory.address), ", ", .decimal(board.memory.size >> 20),
            " MiB, ", .decimal(pages.used), " of ", .decimal(pages.total), " pages in use\n")
        let version = SBI.version
        console.write(
            "firmware   ", .literal(SBI.implementationName), ", SBI ", .decimal(version >> 24), ".",
            .decimal(version & 0xff_ffff), "\n")
        console.write(
            "timer      ", .decimal(timer.frequency), " Hz, ",
            .literal(timer.usesSstc ? "Sstc" : "SBI"), "\n")
        console.write("paging     Sv39, ", .literal(hasASIDs ? "with ASIDs\n" : "without ASIDs\n"))
        console.write("console    ", .literal(console.usesFirmware ? "SBI, " : ""))
        if let uart = board.uart {
            console.write(
                "16550 at ", .hex(uart.address), ", interrupt ", .decimal(UInt64(uart.interrupt)))
        }
        console.write("\n")
        if let plic = board.plic {
            console.write(
                "plic       ", .hex(plic.address), ", context ", .decimal(board.plicContext), "\n")
        }
        if let disk {
            console.write(
                "disk       ", .decimal(disk.capacity), " sectors at ", .hex(disk.device.address),
                ", interrupt ", .decimal(UInt64(disk.device.interrupt)),
                .literal(disk.isReadOnly ? ", read-only\n" : "\n"))
        }
        return 0
    }

    func showProcesses() -> UInt64 {
        console.write("  number parent state           ms name\n")
        for process in processes where process.state != .free {
            console.write(
                .column(8, .decimal(process.number)), .column(7, .decimal(process.parent)), " ",
                .column(8, .literal(process.slot == current.slot ? "runs" : process.stateName)),
                .column(10, .decimal(timer.nanoseconds(ticks: process.ticks) / 1_000_000)), " ",
                .bytes(process.name), "\n")
        }
        return 0
    }

    func showUptime() -> UInt64 {
        let milliseconds = timer.nanoseconds(ticks: timer.now - startTime) / 1_000_000
        console.write(
            "up ", .tenths(milliseconds / 100), " s; interrupts: timer ",
            .decimal(interrupts[5]), ", device ", .decimal(interrupts[9]), ", software ",
            .decimal(interrupts[1]), "\n")
        return 0
    }

    func kill(_ words: [ArraySlice<UInt8>]) -> UInt64 {
        guard words.count == 2, let number = words[1].decimal,
            let process = processes.first(where: {
                $0.slot != 0 && $0.number == number && ($0.state == .ready || $0.state == .waiting)
            })
        else {
            console.write("kill: no such process\n")
            return 1
        }
        exit(process, code: 137)
        return 0
    }
}
