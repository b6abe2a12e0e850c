import MeshProtocol
import MeshSimulation
import MeshVerdict

/// How many numbers were too low.
struct CalibrationCounts {
    private struct Count {
        var failures = 0
        var numbers = 0
        var tooLow = 0
        var margins: [UInt32] = []

        mutating func add(_ made: CalibrationCase) {
            failures += 1
            guard let recovery = made.verdict.recovery else { return }
            numbers += 1
            margins.append(recovery.recommended.value - recovery.minimum.value)
            if made.isTooLow == true { tooLow += 1 }
        }

        func row(_ name: String) -> String {
            let sorted = margins.sorted()
            let cells = [
                failures, numbers, tooLow, Int(sorted.isEmpty ? 0 : sorted[sorted.count / 2]), Int(sorted.last ?? 0),
            ]
            let padded = name + String(repeating: " ", count: max(1, 28 - name.count))
            return padded + cells.map { String(repeating: " ", count: max(1, 10 - "\($0)".count)) + "\($0)" }.joined()
        }
    }

    private var families: [(FailureFamily, Count)] = []
    private var bases: [RecoveryBasis.Kind: Count] = [:]
    private var told = Count()
    private var untold = Count()

    mutating func add(_ made: CalibrationCase) {
        if families.last?.0 != made.story.family { families.append((made.story.family, Count())) }
        families[families.count - 1].1.add(made)
        if let kind = made.verdict.recovery?.basis.kind { bases[kind, default: Count()].add(made) }
        if made.story.family.isTold { told.add(made) } else { untold.add(made) }
    }

    var text: String {
        let names = ["failures", "numbers", "too low", "median", "largest"]
        let title =
            String(repeating: " ", count: 28) + names.map { String(repeating: " ", count: 10 - $0.count) + $0 }.joined()
        let rows =
            families.map { $0.1.row($0.0.rawValue) }
            + RecoveryBasis.Kind.allCases.compactMap { kind in bases[kind]?.row(kind.rawValue) }
            + [told.row("(told)"), untold.row("(not told)")]
        return ([title] + rows).joined(separator: "\n") + "\n"
    }
}
