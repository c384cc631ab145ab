/// What went wrong outside the guest: the host or the configuration. The message is a sentence that
/// says what was found, what was expected and what to do.
package struct HullError: Error, Sendable, CustomStringConvertible {
    package enum Code: UInt8, Sendable {
        /// The command line, or a value in it, cannot be used.
        case usage
        /// A file or stream is not what it was said to be.
        case format
        /// The host refused a call.
        case host
        /// What is asked for is not supported here.
        case unsupported
        /// The guest did something that ends the run.
        case guest
    }
    package var code: Code
    package var message: String
    package var cause: String?

    package init(_ code: Code, _ message: String, cause: String? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }
    package var description: String { cause.map { message + " (" + $0 + ")" } ?? message }
}
