public import MeshEvidence
public import MeshProtocol

/// A BLOB transfer, as far as its messages were opened: Mesh Binary Large Object Transfer Model 1.0. Servers stay suspended until
/// the client goes on or cancels it.
public struct BLOBTransfer: Hashable, Codable, Sendable {
    /// How it ended; the names are those of the JSON.
    public enum End: String, Hashable, Codable, Sendable {
        /// A BLOB Transfer Cancel or Firmware Update Cancel.
        case cancelled
        /// A Firmware Update Apply, or every server that answered says that it has all.
        case complete
    }

    /// The unicast address of the BLOB Transfer Client.
    public let client: UnicastAddress
    /// BLOB ID.
    public let id: UInt64
    /// Octets; `nil` where the BLOB Transfer Start was not heard.
    public internal(set) var size: UInt32?
    /// A block has 2^n octets.
    var blockSizeLog: UInt8?
    /// TTL of the client's messages.
    public internal(set) var ttl: UInt8
    /// Seconds that the servers wait, as far as a Firmware Update Start tells.
    public internal(set) var timeout: Int?
    /// The last block that was begun.
    public internal(set) var lastBlock: UInt16?
    /// The servers that answered, in the order of hearing.
    public internal(set) var servers: [UnicastAddress] = []
    var finished: Set<UnicastAddress> = []
    /// Where it was heard first.
    public let first: FrameReference
    /// Where it was heard last.
    public internal(set) var last: FrameReference
    /// What the client said last of its end, and whether to all servers.
    var ending: End?
    var isEndedForAll = false

    /// How many blocks the BLOB has; `nil` where its size was not heard.
    public var blocks: Int? {
        guard let size, let blockSizeLog, blockSizeLog < 32 else { return nil }
        return Int((UInt64(size) + (1 << UInt64(blockSizeLog)) - 1) >> UInt64(blockSizeLog))
    }

    /// `nil` while it is in flight, as far as was heard.
    public var end: End? {
        if let ending, isEndedForAll { return ending }
        guard !finished.isEmpty, finished.isSuperset(of: servers) else { return nil }
        return ending ?? .complete
    }
}

/// The BLOB transfers of a network.
struct BLOBTransfers: Hashable, Codable {
    private static let most = 64
    private static let mostServers = 1024

    private(set) var all: [BLOBTransfer] = []

    mutating func apply(_ message: BLOBMessage, of heard: HeardMessage, at frame: FrameReference) {
        switch message {
        case .updateStart(let ttl, let timeoutBase, let id):
            change(of: heard.source, id, ttl: heard.ttl, at: frame) {
                ($0.ttl, $0.timeout) = (ttl, BLOBMessage.timeout(base: timeoutBase))
            }
        case .transferStart(let id, let size, let blockSizeLog):
            change(of: heard.source, id, ttl: heard.ttl, at: frame) {
                ($0.size, $0.blockSizeLog, $0.ending, $0.isEndedForAll) = (size, blockSizeLog, nil, false)
            }
        case .transferCancel(let id): end(.cancelled, heard, id, at: frame)
        case .updateCancel: end(.cancelled, heard, nil, at: frame)
        case .updateApply: end(.complete, heard, nil, at: frame)
        case .blockStart(let block):
            changeLatest(of: heard.source, at: frame) { ($0.lastBlock, $0.isEndedForAll) = (block, false) }
        case .chunkTransfer: changeLatest(of: heard.source, at: frame) { $0.isEndedForAll = false }
        case .transferStatus(_, let phase, let id): answer(heard, id, isFinished: phase == 4, at: frame)
        case .blockStatus, .partialBlockReport: answer(heard, nil, isFinished: false, at: frame)
        }
    }

    /// The client ends it: for a group at once, for one server alone only there.
    private mutating func end(_ end: BLOBTransfer.End, _ heard: HeardMessage, _ id: UInt64?, at frame: FrameReference) {
        changeLatest(of: heard.source, id, at: frame) { transfer in
            transfer.ending = end
            guard let server = UnicastAddress(heard.destination.value) else {
                transfer.isEndedForAll = true
                return
            }
            if transfer.finished.count < Self.mostServers { transfer.finished.insert(server) }
        }
    }

    /// What a server says to a client of the transfer between them.
    private mutating func answer(_ heard: HeardMessage, _ id: UInt64?, isFinished: Bool, at frame: FrameReference) {
        guard let client = UnicastAddress(heard.destination.value) else { return }
        changeLatest(of: client, id, at: frame) { transfer in
            if !transfer.servers.contains(heard.source), transfer.servers.count < Self.mostServers {
                transfer.servers.append(heard.source)
            }
            if isFinished { transfer.finished.insert(heard.source) }
        }
    }

    private mutating func change(
        of client: UnicastAddress, _ id: UInt64, ttl: UInt8, at frame: FrameReference,
        _ change: (inout BLOBTransfer) -> Void
    ) {
        if !all.contains(where: { $0.client == client && $0.id == id }) {
            if all.count == Self.most { all.removeFirst() }
            all.append(BLOBTransfer(client: client, id: id, ttl: ttl, first: frame, last: frame))
        }
        changeLatest(of: client, id, at: frame, change)
    }

    private mutating func changeLatest(
        of client: UnicastAddress, _ id: UInt64? = nil, at frame: FrameReference, _ change: (inout BLOBTransfer) -> Void
    ) {
        guard
            let place = all.lastIndex(where: { transfer in
                transfer.client == client && id.map { $0 == transfer.id } ?? true
            })
        else { return }
        change(&all[place])
        all[place].last = max(all[place].last, frame)
    }
}
