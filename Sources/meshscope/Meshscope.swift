import ArgumentParser
import CaptureFiles
import Glibc
import MeshReports
import SystemPackage

@main
struct Meshscope: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "meshscope",
        abstract:
            "Tells from a capture of Bluetooth Mesh traffic what a replacement for a failed master must be given.",
        discussion: """
            The IV Index, the IV Update flag and the start SEQ that every node will accept, read from authenticated \
            beacons and Network PDUs.

            Examples:
              meshscope analyze capture.pcap --keys office.json --master 0x0001
              MESHSCOPE_NETKEY=HEX meshscope analyze capture.btsnoop
              meshscope check --captures Captures --reports Reports

            Exit status: 0 done; 1 the analysis is complete and the answer is no; 2 an input could not be used; \
            64 wrong usage.
            """,
        version: Provenance.version,
        subcommands: [
            AnalyzeCommand.self, DecodeCommand.self, RestoreCommand.self, VerifyCommand.self, CheckCommand.self,
            KeysCommand.self, ConvertCommand.self, WatchCommand.self, StateCommand.self, SimulateCommand.self,
            ExplainCommand.self, SchemaCommand.self,
        ])

    static func main() {
        FileDescriptor.ignoreClosedPipes()
        leaveNoCore()
        do {
            var command = try parseUsual(arguments) ?? parseWhole(arguments)
            try command.run()
        } catch {
            end(error)
        }
    }

    /// The subcommand, parsed by itself: to build all of them takes longer than to read a small capture. `nil` where there is
    /// something to say instead, such as help or what is wrong, which the whole says.
    private static func parseUsual(_ arguments: [String]) -> (any ParsableCommand)? {
        guard let command = configuration.subcommands.first(where: { $0.configuration.commandName == arguments.first }),
            // Who asks for help gets another command.
            let parsed = try? command.parseAsRoot(Array(arguments.dropFirst())), type(of: parsed) == command
        else { return nil }
        return parsed
    }

    private static func parseWhole(_ arguments: [String]) throws -> any ParsableCommand {
        try requireSubcommand(arguments)
        return try parseAsRoot(arguments)
    }

    /// The parser only counts what it takes for no subcommand.
    private static func requireSubcommand(_ arguments: [String]) throws {
        let names = configuration.subcommands.compactMap { $0.configuration.commandName } + ["help"]
        guard let first = arguments.first, !first.hasPrefix("-"), !names.contains(first) else { return }
        throw ValidationError(
            "There is no subcommand '\(first)'; there are \(names.joined(separator: ", ")). "
                + "A capture is analysed by: meshscope analyze FILE")
    }

    /// Keys are in memory: what is left of a crash must not hold them.
    private static func leaveNoCore() {
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
    }

    /// As they were given, whatever octets they are.
    private static var arguments: [String] {
        let count = Int(CommandLine.argc)
        return (1..<max(1, count)).compactMap { index in
            unsafe CommandLine.unsafeArgv[index].map { argument in
                unsafe FileName.text(Array(UnsafeRawBufferPointer(start: argument, count: strlen(argument))))
            }
        }
    }

    /// Ends as the argument parser does, but for a key that its message would quote.
    private static func end(_ error: any Error) -> Never {
        let code = exitCode(for: error)
        let message = fullMessage(for: error)
        // Help and the version are no errors, and quote nothing.
        guard !code.isSuccess, !message.isEmpty else { exit(withError: error) }
        Terminal.say(KeyMask.explain(PrintableText.escapeLines(message), joint: "\nNote: ") + "\n")
        exit(withError: code)
    }
}
