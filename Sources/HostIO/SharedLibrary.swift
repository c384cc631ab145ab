import Glibc

/// A library of the host that is loaded when it is needed, so that the program starts without it.
// SAFETY: the handle is made by dlopen and never closed.
@safe struct SharedLibrary {
    private let handle: UnsafeMutableRawPointer

    /// Nil when the host does not have it. It stays loaded until the process ends.
    init?(_ name: String) {
        // SAFETY: only the host's own decompression libraries are named, whose constructors do
        // nothing; the handle is never closed, so no function pointer outlives it.
        guard let handle = unsafe dlopen(name, RTLD_NOW) else { return nil }
        unsafe self.handle = unsafe handle
    }

    /// A function of the library; the caller states its type as the library's header does.
    func function<Function>(_ name: String, as type: Function.Type) -> Function? {
        // SAFETY: the symbol is a C function of that type, by the library's documented interface.
        guard let address = unsafe dlsym(handle, name) else { return nil }
        return unsafe unsafeBitCast(address, to: Function.self)
    }
}
