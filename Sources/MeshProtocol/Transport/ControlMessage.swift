public import ByteParsing

/// A transport control message: Mesh Protocol 1.1, "Transport Control messages" and "Directed forwarding".
public enum ControlMessage: Hashable, Sendable, Codable {
    /// A Low Power node asks its Friend; `fsn` is the Friend Sequence Number, one bit.
    case friendPoll(fsn: UInt8)
    /// What a Friend says of the network: the same flags and IV Index as in a beacon.
    case friendUpdate(NetworkBeaconStatement, moreData: Bool)
    /// A Low Power node looks for a Friend.
    case friendRequest(FriendRequest)
    /// A node offers to be one.
    case friendOffer(FriendOffer)
    /// A new Friend tells the one before that it is no longer needed.
    case friendClear(lpn: MeshAddress, lpnCounter: UInt16)
    /// The one before agrees.
    case friendClearConfirm(lpn: MeshAddress, lpnCounter: UInt16)
    /// Addresses that the Friend shall store messages for.
    case friendSubscriptionListAdd(transaction: UInt8, [MeshAddress])
    /// Addresses that it need not any more.
    case friendSubscriptionListRemove(transaction: UInt8, [MeshAddress])
    /// The Friend did so.
    case friendSubscriptionListConfirm(transaction: UInt8)
    /// A node is alive: the TTL that it began with, and its features in use, as bits.
    case heartbeat(initTTL: UInt8, features: UInt16)
    /// A node looks for a path, or passes on that another one does.
    case pathRequest(PathRequest)
    /// What else is of directed forwarding, and what is not known: by opcode.
    case other(opcode: UInt8, parameters: [UInt8])

    ///     criteria 1 · receive delay 1 · poll timeout 3 · previous address 2 · number of elements 1 · LPNCounter 2
    public struct FriendRequest: Hashable, Sendable, Codable {
        /// What kind of Friend it wants: RFU 1 bit, RSSI factor 2, receive window factor 2, log of the queue size 3.
        public let criteria: UInt8
        /// Milliseconds.
        public let receiveDelay: UInt8
        /// Units of 100 ms.
        public let pollTimeout: UInt32
        /// Its last Friend; 0x0000 for none.
        public let previousAddress: MeshAddress
        /// How many elements it has.
        public let elements: UInt8
        /// How many Friend Requests it has sent; a part of the credentials.
        public let lpnCounter: UInt16
    }

    ///     receive window 1 · queue size 1 · subscription list size 1 · RSSI 1 · FriendCounter 2
    public struct FriendOffer: Hashable, Sendable, Codable {
        /// Milliseconds.
        public let receiveWindow: UInt8
        /// How many messages it can store.
        public let queueSize: UInt8
        /// How many addresses it can store.
        public let subscriptionListSize: UInt8
        /// dBm, of the request as the Friend heard it; 127 for unknown.
        public let rssi: Int8
        /// How many Friend Offers it has sent; a part of the credentials.
        public let friendCounter: UInt16
    }

    ///     on behalf of a dependent origin 1 bit · metric type 3 · lifetime 2 · discovery interval 1 · prohibited 1 bit ·
    ///     forwarding number 1 · path metric 1 · destination 2 · range of the path origin: length present 1 bit · address 15 bits · [length 1] ·
    ///     [range of the dependent origin]
    public struct PathRequest: Hashable, Sendable, Codable {
        /// How long the path is to live: 0 for 12 minutes, 1 for 2 hours, 2 for 24 hours, 3 for 10 days.
        public let lifetime: UInt8
        /// Counts the Path Requests of the path origin, modulo 256: a node that knows the path drops one that is less.
        public let forwardingNumber: UInt8
        /// Where the path is to lead.
        public let destination: MeshAddress
        /// The primary element of the node that looks for the path.
        public let pathOrigin: UnicastAddress
    }

    /// `parameters`: what follows the opcode, reassembled if it was segmented.
    ///
    /// - Throws: `ParseError`, with offsets from the beginning of the parameters, where they break the format.
    public init(opcode: UInt8, parameters: [UInt8]) throws(ParseError) {
        var reader = ByteReader(parameters.span)
        switch opcode {
        case 0x01: self = .friendPoll(fsn: try reader.readUInt8() & 1)
        case 0x02:
            let flags = try reader.readUInt8()
            let ivIndex = try reader.readUInt32BigEndian()
            let statement = NetworkBeaconStatement(flags: flags, ivIndex: ivIndex)
            self = .friendUpdate(statement, moreData: try reader.readUInt8() == 1)
        case 0x03: self = .friendRequest(try FriendRequest(parsing: &reader))
        case 0x04: self = .friendOffer(try FriendOffer(parsing: &reader))
        case 0x05, 0x06:
            let lpn = MeshAddress(try reader.readUInt16BigEndian())
            let counter = try reader.readUInt16BigEndian()
            self =
                opcode == 5
                ? .friendClear(lpn: lpn, lpnCounter: counter) : .friendClearConfirm(lpn: lpn, lpnCounter: counter)
        case 0x07, 0x08:
            let transaction = try reader.readUInt8()
            var addresses: [MeshAddress] = []
            while !reader.isAtEnd { addresses.append(MeshAddress(try reader.readUInt16BigEndian())) }
            self =
                opcode == 7
                ? .friendSubscriptionListAdd(transaction: transaction, addresses)
                : .friendSubscriptionListRemove(transaction: transaction, addresses)
        case 0x09: self = .friendSubscriptionListConfirm(transaction: try reader.readUInt8())
        case 0x0A:
            let initTTL = try reader.readUInt8() & 0x7F
            self = .heartbeat(initTTL: initTTL, features: try reader.readUInt16BigEndian())
        case 0x0B: self = .pathRequest(try PathRequest(parsing: &reader))
        default: self = .other(opcode: opcode, parameters: parameters)
        }
    }

    /// The message of an unsegmented control PDU; `nil` for any other, and for one that breaks the format.
    public init?(_ pdu: NetworkPDU) {
        guard pdu.isControl, case .unsegmentedControl(let opcode, let parameters)? = try? LowerTransportPDU(pdu),
            let message = try? ControlMessage(opcode: opcode, parameters: parameters)
        else { return nil }
        self = message
    }

    /// The opcode's name in the specification's words.
    public static func name(ofOpcode opcode: UInt8) -> String {
        let names = [
            "Segment Acknowledgment", "Friend Poll", "Friend Update", "Friend Request", "Friend Offer", "Friend Clear",
            "Friend Clear Confirm", "Friend Subscription List Add", "Friend Subscription List Remove",
            "Friend Subscription List Confirm", "Heartbeat", "Path Request", "Path Reply", "Path Confirmation",
            "Path Echo Request", "Path Echo Reply", "Dependent Node Update", "Path Request Solicitation",
        ]
        return Int(opcode) < names.count
            ? names[Int(opcode)] : "control opcode \(Hexadecimal.prefixed(opcode, digits: 2))"
    }
}

extension ControlMessage.FriendRequest {
    init(parsing reader: inout ByteReader) throws(ParseError) {
        criteria = try reader.readUInt8()
        receiveDelay = try reader.readUInt8()
        pollTimeout = UInt32(try reader.readBigEndian(3))
        previousAddress = MeshAddress(try reader.readUInt16BigEndian())
        elements = try reader.readUInt8()
        lpnCounter = try reader.readUInt16BigEndian()
    }
}

extension ControlMessage.FriendOffer {
    init(parsing reader: inout ByteReader) throws(ParseError) {
        receiveWindow = try reader.readUInt8()
        queueSize = try reader.readUInt8()
        subscriptionListSize = try reader.readUInt8()
        rssi = Int8(bitPattern: try reader.readUInt8())
        friendCounter = try reader.readUInt16BigEndian()
    }
}

extension ControlMessage.PathRequest {
    init(parsing reader: inout ByteReader) throws(ParseError) {
        lifetime = try reader.readUInt8() >> 2 & 3
        forwardingNumber = try reader.readUInt8()
        _ = try reader.readUInt8()
        destination = MeshAddress(try reader.readUInt16BigEndian())
        let start = reader.offset
        let origin = try reader.readUInt16BigEndian() & 0x7FFF
        guard let address = UnicastAddress(origin) else {
            throw ParseError(.invalidValue(UInt64(origin)), at: start)
        }
        pathOrigin = address
    }
}
