import Foundation
import FuzzTargets

#if FUZZING
    /// Which target, by the environment: libFuzzer has its own arguments.
    private let target = FuzzTarget(rawValue: ProcessInfo.processInfo.environment["MESHSCOPE_FUZZ"] ?? "")

    private func takeOne(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
        target?.run(Array(UnsafeBufferPointer(start: start, count: count)))
        return 0
    }

    /// What libFuzzer's library looks for, though it is told below.
    @_cdecl("LLVMFuzzerTestOneInput") public func fuzzOne(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
        takeOne(start, count)
    }

    @_silgen_name("LLVMFuzzerRunDriver") private func runDriver(
        _ count: UnsafeMutablePointer<CInt>,
        _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
        _ take: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
    ) -> CInt

    /// The entry point that the package manager gives to the program of this name.
    @_cdecl("fuzz_main") public func main(
        _ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
    ) -> CInt {
        guard target != nil else {
            print("MESHSCOPE_FUZZ names none of \(FuzzTarget.allCases.map(\.rawValue).joined(separator: ", "))")
            return 64
        }
        var (count, arguments) = (count, arguments)
        return runDriver(&count, &arguments) { takeOne($0, $1) }
    }
#else
    /// Without libFuzzer: takes each file that is named, to look into what it found.
    @main struct Fuzz {
        static func main() {
            let arguments = CommandLine.arguments.dropFirst()
            guard let name = arguments.first, let target = FuzzTarget(rawValue: name) else {
                print("usage: fuzz \(FuzzTarget.allCases.map(\.rawValue).joined(separator: "|")) FILE …")
                return
            }
            for path in arguments.dropFirst() {
                guard let input = FileManager.default.contents(atPath: path) else { continue }
                target.run([UInt8](input))
                print("\(path): \(input.count) octets")
            }
        }
    }
#endif
