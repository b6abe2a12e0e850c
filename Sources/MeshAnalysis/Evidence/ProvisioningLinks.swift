import BluetoothFrames
import ByteParsing
import MeshProtocol

/// The provisioning that a capture holds, link by link. Bounded.
///
/// Copies of a segment are not joined twice: a transaction is complete once. The keys that are handed over stay closed.
struct ProvisioningLinks {
    private enum Key: Hashable {
        case advertising(linkID: UInt32)
        /// Adapter, connection, and which connection of that number.
        case gatt(connection: UInt64, generation: UInt64)
    }

    private struct TransactionKey: Hashable {
        var link: Int
        var number: UInt8
    }

    private static let mostLinks = 1024
    private static let mostUnfinished = 2048
    private static let mostSteps = 64

    private var places: [Key: Int] = [:]
    private var links: [Analysis.ProvisioningLink] = []
    private var transactions: [TransactionKey: TransactionReassembly] = [:]
    private var finished: Set<TransactionKey> = []

    /// Takes a PDU of PB-ADV; returns the Provisioning PDU that it completes.
    mutating func take(_ pdu: PBADVPDU, at frame: FrameReference) -> (ProvisioningPDU, link: Int)? {
        guard let place = place(.advertising(linkID: pdu.linkID), .advertising(linkID: pdu.linkID), frame) else {
            return nil
        }
        links[place].heard += 1
        links[place].last = frame
        switch pdu.content {
        case .linkOpen(let uuid): links[place].deviceUUID = uuid
        case .linkClose(let reason): links[place].closed = links[place].closed ?? reason
        case .linkAck, .transactionAcknowledgment: break
        case .transactionStart, .transactionContinuation:
            guard let octets = join(pdu, place) else { return nil }
            var reader = ByteReader(octets.span)
            guard let message = try? ProvisioningPDU(parsing: &reader) else {
                links[place].malformed += 1
                return nil
            }
            return note(message, place, isFromProvisioner: pdu.isFromProvisioner, at: frame)
        }
        return nil
    }

    private mutating func join(_ pdu: PBADVPDU, _ place: Int) -> [UInt8]? {
        let key = TransactionKey(link: place, number: pdu.transaction)
        guard !finished.contains(key) else { return nil }
        if transactions.count >= Self.mostUnfinished, transactions[key] == nil { transactions.removeAll() }
        switch transactions[key, default: .init()].take(pdu.content) {
        case .incomplete, .repeated: return nil
        case .damaged:
            links[place].damagedTransactions += 1
            return nil
        case .complete(let octets):
            transactions[key] = nil
            if finished.count >= Self.mostLinks * Self.mostSteps { finished.removeAll() }
            finished.insert(key)
            links[place].transactions += 1
            return octets
        }
    }

    /// Takes a message of PB-GATT.
    ///
    /// `isCertain`: the characteristic is the Provisioning service's; otherwise a link counts from its Invite on, and is
    /// shown once its Capabilities answered.
    mutating func take(
        _ octets: [UInt8], of characteristic: AttributeValue.Characteristic, _ direction: AttributeValue.Direction,
        isCertain: Bool, at frame: FrameReference
    ) -> (ProvisioningPDU, link: Int)? {
        let key = Key.gatt(connection: characteristic.connection, generation: characteristic.generation)
        var reader = ByteReader(octets.span)
        guard let pdu = try? ProvisioningPDU(parsing: &reader) else { return nil }
        let isFromProvisioner = direction == .toServer
        guard pdu.isFromProvisioner.map({ $0 == isFromProvisioner }) ?? true else { return nil }
        if places[key] == nil, !isCertain, pdu.kind != .invite { return nil }
        guard let place = place(key, .gatt, frame) else { return nil }
        links[place].heard += 1
        links[place].last = frame
        links[place].isCertain = links[place].isCertain || isCertain || pdu.kind == .capabilities
        return note(pdu, place, isFromProvisioner: isFromProvisioner, at: frame)
    }

    private mutating func place(
        _ key: Key, _ bearer: Analysis.ProvisioningLink.Bearer, _ frame: FrameReference
    ) -> Int? {
        if let place = places[key] { return place }
        guard links.count < Self.mostLinks else { return nil }
        places[key] = links.count
        links.append(.init(bearer: bearer, first: frame))
        links[links.count - 1].isCertain = bearer != .gatt
        return links.count - 1
    }

    private mutating func note(
        _ pdu: ProvisioningPDU, _ place: Int, isFromProvisioner: Bool, at frame: FrameReference
    ) -> (ProvisioningPDU, link: Int) {
        links[place].algorithm = pdu.algorithm ?? links[place].algorithm
        links[place].elements = pdu.elements ?? links[place].elements
        links[place].failure = pdu.failure ?? links[place].failure
        if links[place].steps.count < Self.mostSteps {
            links[place].steps.append(.init(kind: pdu.kind, isFromProvisioner: isFromProvisioner, frame: frame))
        }
        return (pdu, place)
    }

    /// The links that are provisioning beyond doubt, in the order of hearing.
    var certain: [Analysis.ProvisioningLink] { links.filter(\.isCertain) }

    func link(_ place: Int) -> Analysis.ProvisioningLink { links[place] }
}
