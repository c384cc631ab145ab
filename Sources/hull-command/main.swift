import ArgumentParser
import Hull

struct Root: ParsableCommand {}
Root.main()
