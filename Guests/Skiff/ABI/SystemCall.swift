/// What a program may ask of Skiff: the number goes in a7, operands in a0–a2, the result comes back
/// in a0, where numbers from `refused` upwards are failures.
package enum SystemCall: UInt64 {
    /// Makes the kernel take traps again (see `skipTraps`).
    case takeTraps = 0
    /// Writes bytes (address, count) to the console.
    case write = 1
    /// Reads a line from the console into (address, count).
    case readLine = 2
    /// Lets others run.
    case yield = 3
    /// Sleeps for a number of microseconds.
    case sleep = 4
    case processNumber = 5
    /// Returns 0 in the child and the child's number in the parent.
    case fork = 6
    /// Waits for a child (its number) and returns its exit code.
    case wait = 7
    /// Copies the name of the file with this number to (address, count); returns its size, and in
    /// the name's place nothing when there is no such file.
    case fileName = 8
    /// Reads from an open file: number, and the address of a `FileRequest`.
    case fileRead = 9
    /// The size of the file with this number.
    case fileSize = 10
    /// Puts the frequency of the time counter in a0.
    case timebase = 11
    /// Makes the kernel step over every trap but a call with number 0, to measure them.
    case skipTraps = 12
    /// Ends the program with a code.
    case exit = 13
    /// An address that only the kernel may touch.
    case kernelAddress = 14

    /// Results from here upwards mean: refused.
    package static let refused: UInt64 = 0xffff_ffff_ffff_f000
}

/// Where programs lie in every address space. The top of the stack is the end of the arguments' page.
package enum ProgramMemory {
    package static let base: UInt64 = 0x10_0000_0000
    package static let stackTop: UInt64 = 0x10_3fff_f000
    /// Pages this far below the top appear when they are touched.
    package static let stackCount: UInt64 = 0x10_0000
    /// The command line: its length, then its bytes.
    package static let arguments: UInt64 = stackTop
    package static let end: UInt64 = 0x10_4000_0000
}
