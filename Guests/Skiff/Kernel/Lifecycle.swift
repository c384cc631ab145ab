import CSkiff
import SkiffABI

extension Kernel {
    private func claimSlot(named name: [UInt8]) -> Process? {
        for process in processes where process.state == .free && process.slot != 0 {
            guard let space = space.copyForProgram(asid: asid(process.slot), pages) else {
                return nil
            }
            process.space = space
            process.number = nextNumber
            nextNumber += 1
            process.parent = current.number
            process.name = name
            process.exitCode = 0
            process.isSilent = current.isSilent
            process.ticks = 0
            process.preemptions = 0
            process.wakeTime = Timer.never
            process.fault = nil
            // Whoever had this number before may be remembered.
            if space.asid != 0 { sfence_asid(space.asid) }
            process.prepareReturn()
            return process
        }
        return nil
    }

    /// A space's number is its slot's, when the hart has numbers that large.
    private func asid(_ slot: Int) -> UInt64 { hasASIDs ? UInt64(slot) : 0 }

    /// Starts a program with a command line, whose first word chooses it.
    func spawn(_ command: [UInt8]) -> Process? {
        let name = command[...].words.first.map { Array($0) } ?? []
        guard let process = claimSlot(named: name), let page = pages.allocate() else { return nil }
        let space = process.space
        guard image.load(into: space, pages),
            space.map(ProgramMemory.arguments, to: page, PTE.user | PTE.read, pages)
        else {
            pages.release(page)
            space.release(to: pages)
            return nil
        }
        let count = min(command.count, Int(pageSize) - 8)
        store64(page, UInt64(count))
        for index in 0..<count { store8(page + 8 + UInt64(index), command[index]) }
        let frame = process.frame
        zero_memory(frame.address, TrapFrame.count)
        frame.pc = image.entry
        frame.setX(2, ProgramMemory.stackTop)
        frame.status = Status.spie
        fence_instructions()
        process.state = .ready
        return process
    }

    /// A copy of the current process that sees 0 as the result.
    func fork(_ frame: TrapFrame) -> Process? {
        let parent = current
        guard let child = claimSlot(named: parent.name) else { return nil }
        var isWhole = true
        parent.space.forEachPage { address, entry in
            let value = load64(entry)
            let bits = value & 0x1fe
            if value & PTE.shared != 0 {
                isWhole = child.space.map(address, to: PTE.physical(value), bits, pages) && isWhole
            } else if let page = pages.allocate() {
                copy_memory(page, PTE.physical(value), pageSize)
                if !child.space.map(address, to: page, bits, pages) {
                    pages.release(page)
                    isWhole = false
                }
            } else {
                isWhole = false
            }
        }
        guard isWhole else {
            child.space.release(to: pages)
            return nil
        }
        copy_memory(child.frame.address, frame.address, TrapFrame.count)
        child.frame.setX(10, 0)
        child.state = .ready
        return child
    }

    /// Ends a process; its slot is free once its parent has looked.
    func exit(_ process: Process, code: UInt64) {
        process.exitCode = code
        process.state = .ended
        if process.slot == current.slot { space.activate() }
        process.space.release(to: pages)
        process.space = space
        for child in processes where child.parent == process.number && child.slot != 0 {
            child.parent = 0
        }
        wakeAll()
    }

    /// Waits for a child's end and frees its slot. Nil when there is no such child.
    func waitForChild(_ number: UInt64) -> UInt64? {
        while true {
            guard
                let child = processes.first(where: {
                    $0.slot != 0 && $0.state != .free && $0.number == number
                        && $0.parent == current.number
                })
            else { return nil }
            if child.state == .ended {
                child.state = .free
                return child.exitCode
            }
            if current.slot == 0 && console.isInterrupted { interruptForeground() } else { wait() }
        }
    }

    /// Ctrl-C.
    func interruptForeground() {
        console.isInterrupted = false
        guard let process = foreground, process.state != .ended, process.slot != 0 else { return }
        foreground = nil
        console.write("^C\n")
        exit(process, code: 130)
    }

    /// Frees the slots of programs whose parent is gone or that ran in the background.
    func reap() {
        for process in processes
        where process.state == .ended && process.parent == 0 && process.slot != 0 {
            process.state = .free
        }
    }

    /// Gives the current program the page it touched, when it may have one there.
    func growProgram(at address: UInt64) -> Bool {
        let stack = ProgramMemory.stackTop - ProgramMemory.stackCount..<ProgramMemory.stackTop
        guard stack.contains(address) || image.zeroes.contains(address) else { return false }
        let start = address & ~(pageSize - 1)
        guard let entry = current.space.entry(start, making: pages), load64(entry) == 0,
            let page = pages.allocate()
        else { return false }
        store64(entry, PTE.leaf(page, PTE.user | PTE.read | PTE.write))
        sfence_address(start)
        return true
    }
}
