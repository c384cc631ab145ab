import ArgumentParser
import Hull

/// `hull block-backend`: a drive in a process of its own.
struct BlockBackEndCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "block-backend",
        abstract: "Serves a drive to machines over vhost-user.",
        discussion: """
            The other half of hull boot --vhost-user blk,socket=PATH. It serves one machine after the \
            other. It may be stopped and started again while a machine runs: the guest waits, and what \
            was under way is carried out by the next one.

            Example:
              hull block-backend --socket /tmp/disk.sock disk.img &
              hull boot Image --memory 1G --vhost-user blk,socket=/tmp/disk.sock
            """)

    @Argument(help: "The image: a raw one, or a block device.", completion: .file())
    var image: String

    @Option(
        help: ArgumentHelp("Where machines connect.", valueName: "path"), completion: .file())
    var socket: String

    @Flag(name: .customLong("read-only"), help: "The guest cannot write to it.")
    var isReadOnly = false

    func run() throws { try BlockServer(image, readOnly: isReadOnly, socket: socket).run() }
}
