public import MeshEvidence
public import MeshProtocol

/// What a Distributor hands out on behalf of an Initiator, as far as their messages were opened: Mesh Device Firmware Update Model 1.0.
/// It goes on without its Initiator, and nobody else asks how it ends.
public struct FirmwareDistribution: Hashable, Codable, Sendable {
    /// Phases of a Firmware Distribution Status; the names are those of the JSON.
    public enum Phase: String, Hashable, Codable, Sendable, CaseIterable {
        case idle
        case transferActive = "transfer_active"
        case transferSuccess = "transfer_success"
        case applying, completed, failed, cancelling, suspended

        /// `nil` for a number that has no name; they are counted from 0 on.
        public init?(number: UInt8) {
            guard Self.allCases.indices.contains(Int(number)) else { return nil }
            self = Self.allCases[Int(number)]
        }
    }

    /// Who hands it out.
    public let distributor: UnicastAddress
    /// Who asked for it, or was told of it.
    public internal(set) var initiator: UnicastAddress
    /// What is handed out; `nil` where neither a Start nor a long Status was heard.
    public internal(set) var parameters: FirmwareDistributionMessage.Parameters?
    /// What the Distributor said last, if that was later than what it was told.
    public internal(set) var phase: Phase?
    /// What it was told last, in the specification's words; `nil` where only the Distributor was heard.
    public internal(set) var order: String?
    /// Where it was heard first.
    public let first: FrameReference
    /// Where it was heard last.
    public internal(set) var last: FrameReference
}

/// The distributions of a network: the latest of each Distributor.
struct FirmwareDistributions: Hashable, Codable {
    private static let most = 64

    private(set) var all: [FirmwareDistribution] = []

    mutating func apply(_ message: FirmwareDistributionMessage, of heard: HeardMessage, at frame: FrameReference) {
        if case .status(let status, let phase, let parameters) = message {
            guard let initiator = UnicastAddress(heard.destination.value), status == 0 else { return }
            change(of: heard.source, initiator, at: frame) {
                $0.phase = FirmwareDistribution.Phase(number: phase)
                $0.parameters = parameters ?? $0.parameters
            }
            return
        }
        guard let distributor = UnicastAddress(heard.destination.value) else { return }
        change(of: distributor, heard.source, at: frame) {
            ($0.order, $0.phase) = (heard.message.name, nil)
            if case .start(let parameters) = message { $0.parameters = parameters }
        }
    }

    private mutating func change(
        of distributor: UnicastAddress, _ initiator: UnicastAddress, at frame: FrameReference,
        _ change: (inout FirmwareDistribution) -> Void
    ) {
        if !all.contains(where: { $0.distributor == distributor }) {
            if all.count == Self.most { all.removeFirst() }
            all.append(FirmwareDistribution(distributor: distributor, initiator: initiator, first: frame, last: frame))
        }
        guard let place = all.firstIndex(where: { $0.distributor == distributor }) else { return }
        all[place].initiator = initiator
        change(&all[place])
        all[place].last = max(all[place].last, frame)
    }
}

extension KeyedDecodingContainer {
    /// A state that was saved without distributions begins them.
    func decode(_ type: FirmwareDistributions.Type, forKey key: Key) throws -> FirmwareDistributions {
        try decodeIfPresent(type, forKey: key) ?? FirmwareDistributions()
    }
}
