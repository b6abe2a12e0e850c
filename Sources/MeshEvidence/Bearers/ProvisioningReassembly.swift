import BluetoothFrames
import BoundedCollections
import ByteParsing
import MeshProtocol

/// Joins what the provisioning bearers carry in pieces, link by link. Bounded: the oldest links give way.
///
/// Copies of a segment are not joined twice: a transaction is complete once. The keys that are handed over stay closed.
struct ProvisioningReassembly {
    private enum Key: Hashable {
        case advertising(linkID: UInt32)
        /// Adapter, connection, and which connection of that number.
        case gatt(connection: UInt64, generation: UInt64)
    }

    private struct Transaction: Hashable {
        var link: Int
        var number: UInt8
    }

    private static let mostLinks = 1024
    private static let mostTransactions = 1 << 16

    private var links = BoundedStore<Key, ProvisioningStatement.Link>(capacity: mostLinks)
    private var linkCount = 0
    private var unfinished = BoundedStore<Transaction, TransactionReassembly>(capacity: 2 * mostLinks)
    private var finished = BoundedStore<Transaction, Bool>(capacity: mostTransactions)

    /// What a PDU of PB-ADV says.
    mutating func statement(of pdu: PBADVPDU) -> ProvisioningStatement? {
        let link = link(.advertising(linkID: pdu.linkID), .advertising(linkID: pdu.linkID))
        return ProvisioningStatement(link, isCertain: true, event(of: pdu, link))
    }

    private mutating func event(
        of pdu: PBADVPDU, _ link: ProvisioningStatement.Link
    ) -> ProvisioningStatement.Event {
        switch pdu.content {
        case .linkOpen(let uuid): return .opened(deviceUUID: uuid)
        case .linkClose(let reason): return .closed(reason)
        case .linkAck, .transactionAcknowledgment: return .heard
        case .transactionStart, .transactionContinuation: return event(joining: pdu, link)
        }
    }

    private mutating func event(
        joining pdu: PBADVPDU, _ link: ProvisioningStatement.Link
    ) -> ProvisioningStatement.Event {
        let transaction = Transaction(link: link.number, number: pdu.transaction)
        guard finished[transaction] == nil else { return .heard }
        switch unfinished[transaction, default: .init()].take(pdu.content) {
        case .incomplete, .repeated: return .heard
        case .damaged: return .damagedTransaction
        case .complete(let octets):
            unfinished[transaction] = nil
            finished[transaction] = true
            var reader = ByteReader(octets.span)
            guard let message = try? ProvisioningPDU(parsing: &reader) else { return .malformed }
            return .pdu(message, isFromProvisioner: pdu.isFromProvisioner)
        }
    }

    /// What a message of PB-GATT says; `nil` where it is none.
    ///
    /// `isCertain`: the characteristic is the Provisioning service's; otherwise a link counts from its Invite on.
    mutating func statement(
        of octets: [UInt8], crossing characteristic: AttributeValue.Characteristic,
        _ direction: AttributeValue.Direction, isCertain: Bool
    ) -> ProvisioningStatement? {
        let key = Key.gatt(connection: characteristic.connection, generation: characteristic.generation)
        var reader = ByteReader(octets.span)
        guard let pdu = try? ProvisioningPDU(parsing: &reader) else { return nil }
        let isFromProvisioner = direction == .toServer
        guard pdu.isFromProvisioner.map({ $0 == isFromProvisioner }) ?? true else { return nil }
        guard links.contains(key) || isCertain || pdu.kind == .invite else { return nil }
        // Nothing but a device that is provisioned answers an Invite with its Capabilities.
        return ProvisioningStatement(
            link(key, .gatt), isCertain: isCertain || pdu.kind == .capabilities,
            .pdu(pdu, isFromProvisioner: isFromProvisioner))
    }

    private mutating func link(_ key: Key, _ bearer: ProvisioningStatement.Link.Bearer) -> ProvisioningStatement.Link {
        if let known = links[key] { return known }
        let link = ProvisioningStatement.Link(number: linkCount, bearer: bearer)
        linkCount += 1
        links[key] = link
        return link
    }
}
