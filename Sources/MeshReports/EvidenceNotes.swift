public import MeshEvidence
import ByteParsing
import CaptureFiles
import MeshProtocol
public import MeshTimelines
public import MeshVerdict

/// What an answer rests on: which frames say something authentic that was not heard before, and what.
public struct EvidenceNotes {
    private enum Statement {
        case pdu(SequencePosition, UnicastAddress)
        case beacon(IVState, IVEvidence)
        case other(String)
    }

    private struct Note {
        var frame: FrameReference
        var statement: Statement
    }

    /// More frames than a bundle for a colleague needs; what comes behind them is left out, and said.
    private static let most = 1 << 21

    private var notes: [Note] = []
    /// Whether there were more statements than are kept.
    public private(set) var isFull = false
    /// The captures in which something was said in connections.
    private var connected: Set<Int> = []

    /// Nothing was noted yet.
    public init() {}

    /// Takes an observation, and what the state made of it.
    public mutating func apply(_ observation: Observation, _ novelty: Novelty) {
        guard case .authentic(_, let statement) = observation.statement, let note = Self.note(statement, novelty) else {
            return
        }
        guard notes.count < Self.most else {
            isFull = true
            return
        }
        let origin = observation.origin
        notes.append(Note(frame: origin.frame, statement: note))
        if origin.bearer == .gattToServer || origin.bearer == .gattToClient { connected.insert(origin.frame.capture) }
    }

    private static func note(_ statement: AuthenticStatement, _ novelty: Novelty) -> Statement? {
        switch statement {
        case .networkPDU where novelty == .copy, .repetition, .ivIndexFound, .friendshipsForgotten, .message: return nil
        case .networkPDU(let opened): return .pdu(opened.pdu.position, opened.pdu.source)
        case .beacon(let beacon): return .beacon(beacon.statement.state, beacon.evidence)
        case .friendUpdate(let update): return .other("Friend Update, \(text(update.statement.state))")
        case .netKeyLearned(let learned): return .other("hands out a NetKey, from \(learned.source)")
        case .friendshipEstablished(let friendship):
            return .other("friendship of \(friendship.lowPowerNode) with \(friendship.friend)")
        case .solicitation(let opened):
            return .other(
                "Solicitation PDU, SSEQ \(Hexadecimal.prefixed(opened.pdu.sequence.value, digits: 6)), source \(opened.pdu.source)"
            )
        case .proxyServer(let address): return .other("proxy server" + (address.map { " \($0)" } ?? ""))
        }
    }

    /// The captures of their analysis, with the frames that say something, and their clocks aligned.
    public func parts(_ analysis: Analysis) -> [CaptureConversion.Part] {
        analysis.captures.map { capture in
            CaptureConversion.Part(
                capture.path, shift: capture.clockShift,
                selection: CaptureConversion.Selection(
                    comments(of: capture.index, analysis), hasConnections: connected.contains(capture.index)))
        }
    }

    /// For each frame of a capture that says something, by its number, what it says.
    private func comments(of capture: Int, _ analysis: Analysis) -> [Int: String] {
        let masters = Set(analysis.masters.map(\.address))
        var comments: [Int: String] = [:]
        for note in notes where note.frame.capture == capture {
            let text = Self.text(note.statement, masters)
            comments[note.frame.number] = comments[note.frame.number].map { $0 + "; " + text } ?? text
        }
        return comments
    }

    private static func text(_ statement: Statement, _ masters: Set<UnicastAddress>) -> String {
        switch statement {
        case .pdu(let position, let source):
            let sequence = Hexadecimal.prefixed(position.sequence.value, digits: 6)
            let index = Hexadecimal.prefixed(position.ivIndex.value, digits: 8)
            let role = masters.contains(source) ? ", the master" : ""
            return "Network PDU, IV Index \(index), SEQ \(sequence), source \(source)\(role)"
        case .beacon(let state, let evidence):
            return "\(evidence == .privateBeacon ? "Mesh Private beacon" : "Secure Network beacon"), \(text(state))"
        case .other(let text): return text
        }
    }

    private static func text(_ state: IVState) -> String {
        let index = Hexadecimal.prefixed(state.index.value, digits: 8)
        return "IV Index \(index), \(state.isUpdateInProgress ? "IV Update in Progress" : "Normal Operation")"
    }
}
