import Bits
import Journal
import Machine
import RISCV

/// What a virtual machine is made of and what it boots.
///
///     var configuration = Configuration()
///     configuration.image = "vmlinux"
///     configuration.initialRAMDisk = "initramfs.cpio.gz"
///     let machine = try VirtualMachine(configuration)
///     let exitCode = try machine.run()
public struct Configuration: Sendable {
    /// What runs in M-mode, below the operating system.
    public enum Firmware: Sendable, Equatable {
        /// The machine itself: the guest starts in S-mode and its SBI calls are answered by Hull.
        case builtIn
        /// Nothing: the image starts in M-mode.
        case none
        /// A file, such as OpenSBI's `fw_dynamic.bin`; the image starts behind it.
        case file(String)
    }

    /// A disk.
    public struct Drive: Sendable, Equatable {
        /// A raw or qcow2 image, or a block device.
        public var path: String
        /// The guest cannot write to it.
        public var isReadOnly: Bool
        /// What the image is; `nil` has its first bytes tell.
        public var format: DriveFormat?
        /// Reads and writes past the host's page cache.
        public var bypassesCache = false
        /// A snapshot inside the image, which is read instead of what is current.
        public var snapshot: String?
        /// A disk on a file.
        public init(_ path: String, isReadOnly: Bool = false) {
            self.path = path
            self.isReadOnly = isReadOnly
        }
    }

    /// A folder of the host that the guest can mount.
    public struct Share: Sendable, Equatable {
        /// The folder on the host.
        public var host: String
        /// The name by which the guest mounts it, and where: `/src`.
        public var guest: String
        /// The guest cannot change anything in it.
        public var isReadOnly: Bool
        /// Who serves a folder.
        public enum Transport: Sendable {
            /// `virtiofsd` where it is there and works, else Hull itself.
            case automatic
            /// Hull itself, over 9P.
            case nineP
            /// `virtiofsd`, a program of the host.
            case virtiofs
        }
        /// Who serves it.
        public var transport: Transport
        /// A folder of the host under a name in the guest.
        public init(
            _ host: String, at guest: String, isReadOnly: Bool = false,
            transport: Transport = .automatic
        ) {
            self.host = host
            self.guest = guest
            self.isReadOnly = isReadOnly
            self.transport = transport
        }
    }

    /// A device that another process serves over vhost-user.
    public struct Remote: Sendable, Equatable {
        /// What kinds there are.
        public enum Kind: String, Sendable {
            /// A drive.
            case block = "blk"
        }
        /// What it is.
        public var kind: Kind
        /// The Unix socket of the process that serves it.
        public var socket: String
        /// A device behind a socket.
        public init(_ kind: Kind, socket: String) {
            self.kind = kind
            self.socket = socket
        }
    }

    /// What runs the harts.
    public enum Engine: String, Sendable, CaseIterable {
        /// Decodes once and runs each instruction's meaning.
        case interpreter
        /// Turns guest code into code of this machine and runs that.
        case translator
    }

    /// What a trace tells of.
    public enum TraceKind: String, Sendable, CaseIterable {
        /// Each instruction, with the registers and the memory that it changed.
        case instructions
        /// Exceptions and interrupts as they are taken.
        case traps
        /// Accesses to devices.
        case mmio
        /// Writes of control and status registers.
        case csr
        /// Each retired instruction the way Spike's `--log-commits` writes it.
        case commits
        /// Exceptions the way Spike writes them.
        case exceptions
        /// What the translator decides: units translated and dropped, jumps chained.
        case translation
    }

    /// What the guest's `time` follows.
    public enum Clock: Sendable, Equatable {
        /// The host's clock.
        case host
        /// Retired instructions, at so many million a second: runs are then repeatable.
        case instructions(megahertz: UInt64)
    }

    /// The kernel or program: ELF, Linux `Image`, or either of them compressed. `nil` is Skiff, the
    /// small operating system that comes with Hull.
    public var image: String?
    /// An initial RAM disk for Linux.
    public var initialRAMDisk: String?
    /// Where keys for the guest's ssh lie, in a folder `ssh`.
    package var keyFolder: String?
    /// A flat program for S-mode that starts what is on the disks, instead of an image.
    package var loader: String?
    /// The kernel itself, instead of a file of its own.
    package var bareImage: [UInt8]?
    /// Without an image, Keel starts and not Skiff; its guests are `moreInitialFiles`.
    package var startsKeel = false
    /// An archive that is put behind the initial RAM disk, which the kernel unpacks over it.
    package var moreInitialFiles: [UInt8] = []
    /// The kernel's command line.
    public var arguments: String?
    /// Length of RAM in bytes.
    public var memoryBytes: UInt64 = 1 << 30
    /// What runs in M-mode.
    public var firmware = Firmware.builtIn
    /// Disks, in the order of their slots; at most eight.
    public var drives: [Drive] = []
    /// Network cards, in the order of their slots, behind the disks.
    public var networks: [Network] = []
    /// Folders of the host, in the slots behind the disks'.
    public var shares: [Share] = []
    /// Devices that other processes serve, in the slots behind those.
    public var remotes: [Remote] = []
    /// What the guest writes to disks goes to temporary files that are gone at the end.
    public var discardsDriveWrites = false
    /// How many harts there are.
    public var hartCount = 1
    /// What the harts can do: `virt`, or a name such as `rv64gc`, then `,+extension` or
    /// `,-extension`.
    public var processor = "virt"
    /// What runs the harts.
    public var engine = Engine.translator
    /// A host that cannot run `engine` is an error; else the interpreter runs instead.
    public var requiresEngine = false
    /// The most instructions that the translator makes one unit of; `nil` is what measures best.
    public var translationUnitLimit: Int?
    /// Bytes of host code that the translator keeps at most.
    public var translationCacheBytes: UInt64 = 64 << 20
    /// Writes `/tmp/perf-PID.map`, by which `perf` names functions of the guest.
    public var writesProfile = false
    /// What `time` follows.
    public var clock = Clock.host
    /// Harts run in turns on one thread, by the count of their instructions, so that the same input
    /// gives the same run; `clock` has to count instructions too. Otherwise each hart of several has a
    /// thread of its own.
    public var isDeterministic = false
    /// Starts the image there instead of at its own entry.
    public var entry: UInt64?
    /// A reset that the guest asks for ends the run instead.
    public var endsAtReset = false
    /// Ends the run with exit code 124 after so many seconds.
    public var timeoutSeconds: Double?
    /// Where a debugger connects: a port of this machine or `unix:PATH`. The machine waits for it.
    public var debugger: String?
    /// What is written while the machine runs; most kinds make it much slower.
    public var trace: Set<TraceKind> = []
    /// Where the trace goes; `nil` is standard error.
    public var traceFile: String?
    /// Counts of the run go to standard error at its end.
    public var printsStatistics = false

    /// What the machine is called among those that run; `nil`: like its image. For the command, whose
    /// machines have control sockets.
    public var name: String?
    /// What boots, for people, where the image's path says it badly.
    public var title: String?
    /// The command starts the machine in a session of its own and leaves it running.
    public var isDetached = false
    /// The command's own: before the guest's first instruction, the program gives up the host's files,
    /// its capabilities and most system calls. A ``VirtualMachine`` leaves that to the program it is
    /// part of.
    package var isConfined = true

    /// Skiff on one hart with 1 GiB of memory.
    public init() {}

    /// An image on one hart with 1 GiB of memory.
    public init(image: String?) { self.image = image }
}

/// Why a machine cannot be made or run: a sentence that says what to do.
public struct VirtualMachineError: Error, Sendable, CustomStringConvertible {
    /// The sentence.
    public let description: String

    init(_ error: HullError) { description = error.description }
    init(_ description: String) { self.description = description }
}
