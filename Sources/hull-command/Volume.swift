import ArgumentParser
import Hull

/// `HOST:GUEST` or `HOST:GUEST:ro`.
struct Volume: ExpressibleByArgument {
    let share: Configuration.Share

    init?(argument: String) {
        guard let share = Configuration.Share(parsing: argument) else { return nil }
        self.share = share
    }
}

/// `blk,socket=PATH`.
struct RemoteDevice: ExpressibleByArgument {
    let remote: Configuration.Remote

    init?(argument: String) {
        guard let remote = Configuration.Remote(parsing: argument) else { return nil }
        self.remote = remote
    }
}
