import Foundation
import MeshReports

/// Runs the user's command for each change, with the change as JSON on its standard input. It is not waited for.
final class ChangeCommand {
    private let command: String
    private var running: [Process] = []
    /// So many at once: a command that hangs must not take the machine.
    private static let most = 8

    init(_ command: String) {
        self.command = command
    }

    func run(_ change: WatchChange) {
        running.removeAll { !$0.isRunning }
        guard running.count < Self.most else {
            Terminal.warn("--on-change: \(Self.most) of its commands still run; this change is not told")
            return
        }
        let process = Process()
        let input = Pipe()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", command]
        process.standardInput = input
        // What it prints is no line of ours.
        process.standardOutput = FileHandle.standardError
        // Keys are nobody else's.
        process.environment = ProcessInfo.processInfo.environment.filter { $0.key != "MESHSCOPE_NETKEY" }
        do {
            try process.run()
            running.append(process)
            // A command need not read what it is told.
            try? input.fileHandleForWriting.write(contentsOf: Data("\(change.json)\n".utf8))
            try? input.fileHandleForWriting.close()
        } catch {
            Terminal.warn("--on-change: the command cannot be run")
        }
    }

    /// Waits a moment for those that still run.
    func end() {
        for _ in 0..<50 where running.contains(where: \.isRunning) { usleep(20_000) }
    }
}
