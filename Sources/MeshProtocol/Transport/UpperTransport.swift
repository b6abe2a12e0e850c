import ByteParsing
public import MeshCrypto

/// An application key and the AID by which messages name it: Mesh Protocol 1.1, "Application key".
public struct ApplicationKey: Hashable, Sendable {
    public let value: UInt128
    /// 6 bits.
    public let aid: UInt8

    public init(_ key: NetKey) {
        value = key.value
        aid = SecurityToolbox.k4(key.value)
    }
}

/// A Label UUID and its virtual address: Mesh Protocol 1.1, "Virtual address".
public struct LabelUUID: Hashable, Sendable {
    public let value: UInt128
    public let address: MeshAddress

    public init(_ value: UInt128) {
        self.value = value
        let hash = AESCMAC(key: SecurityToolbox.s1(Array("vtad".utf8))).authenticate(value.octets)
        address = MeshAddress(0x8000 | UInt16(truncatingIfNeeded: hash) & 0x3FFF)
    }
}

/// Opens Upper Transport Access PDUs: Mesh Protocol 1.1, "Upper transport layer".
public enum UpperTransport {
    /// What the nonce and the key choice need beside the sealed octets.
    public struct Message: Hashable, Sendable {
        public let position: SequencePosition
        public let source: UnicastAddress
        public let destination: MeshAddress
        public let hasLongTransMIC: Bool
        /// The encrypted access payload and the TransMIC.
        public let sealed: [UInt8]

        public init(
            position: SequencePosition, source: UnicastAddress, destination: MeshAddress, hasLongTransMIC: Bool,
            sealed: [UInt8]
        ) {
            self.position = position
            self.source = source
            self.destination = destination
            self.hasLongTransMIC = hasLongTransMIC
            self.sealed = sealed
        }

        var transMICLength: Int { hasLongTransMIC ? 8 : 4 }

        ///     type 1 · ASZMIC 1 bit · pad 7 bits · SEQ 3 · SRC 2 · DST 2 · IV Index 4
        func nonce(type: NonceKind) -> [UInt8] {
            let seqAndSource = UInt64(position.sequence.value) << 16 | UInt64(source.value)
            let rest = UInt128(seqAndSource) << 48 | UInt128(destination.value) << 32 | UInt128(position.ivIndex.value)
            return [type.rawValue, hasLongTransMIC ? 0x80 : 0x00] + rest.octets.suffix(11)
        }
    }

    /// The access payload, if the TransMIC is the one of this application key.
    ///
    /// `label`: the Label UUID where the destination is a virtual address; it is authenticated with the message.
    public static func open(_ message: Message, with key: ApplicationKey, label: LabelUUID? = nil) -> [UInt8]? {
        AESCCM.open(
            message.sealed, key: key.value, nonce: message.nonce(type: .application),
            additionalData: label?.value.octets ?? [], tagLength: message.transMICLength)
    }

    /// The access payload, if the TransMIC is the one of this device key.
    public static func open(_ message: Message, withDeviceKey key: NetKey) -> [UInt8]? {
        AESCCM.open(
            message.sealed, key: key.value, nonce: message.nonce(type: .device), tagLength: message.transMICLength)
    }

    /// An Upper Transport Access PDU as a node seals it; `key` is an application key or, for type 2, a device key.
    public static func seal(
        _ payload: [UInt8], position: SequencePosition, source: UnicastAddress, destination: MeshAddress,
        hasLongTransMIC: Bool = false, key: UInt128, isDeviceKey: Bool, label: LabelUUID? = nil
    ) -> [UInt8] {
        let message = Message(
            position: position, source: source, destination: destination, hasLongTransMIC: hasLongTransMIC, sealed: [])
        return AESCCM.seal(
            payload, key: key, nonce: message.nonce(type: isDeviceKey ? .device : .application),
            additionalData: label?.value.octets ?? [], tagLength: message.transMICLength)
    }
}
