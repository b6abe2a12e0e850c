import ByteParsing
public import MeshCrypto

/// Opens Upper Transport Access PDUs: Mesh Protocol 1.1, "Upper transport layer".
public enum UpperTransport {
    /// What the nonce and the key choice need beside the sealed octets.
    public struct Message: Hashable, Sendable {
        /// The message's SeqAuth: of a segmented message, the first segment's SEQ.
        public let position: SequencePosition
        /// SRC.
        public let source: UnicastAddress
        /// DST.
        public let destination: MeshAddress
        /// SZMIC: whether the TransMIC has 8 octets and not 4.
        public let hasLongTransMIC: Bool
        /// The encrypted access payload and the TransMIC.
        public let sealed: [UInt8]

        /// A message as it was put together from its segments.
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
        func nonce(_ kind: NonceKind) -> [UInt8] {
            let seqAndSource = UInt64(position.sequence.value) << 16 | UInt64(source.value)
            let rest = UInt128(seqAndSource) << 48 | UInt128(destination.value) << 32 | UInt128(position.ivIndex.value)
            return [kind.rawValue, hasLongTransMIC ? 0x80 : 0x00] + rest.octets.suffix(11)
        }
    }

    /// The access payload; `nil` where the TransMIC is not the one of this application key.
    ///
    /// `label`: the Label UUID where the destination is a virtual address; it is authenticated with the message.
    public static func open(_ message: Message, with key: AppKey, label: LabelUUID? = nil) -> [UInt8]? {
        AESCCM.open(
            message.sealed, key: key.value, nonce: message.nonce(.application),
            additionalData: label?.value.octets ?? [], tagLength: message.transMICLength)
    }

    /// The access payload; `nil` where the TransMIC is not the one of this device key.
    public static func open(_ message: Message, with key: DevKey) -> [UInt8]? {
        AESCCM.open(
            message.sealed, key: key.value, nonce: message.nonce(.device), tagLength: message.transMICLength)
    }

    /// An Upper Transport Access PDU as a node seals it with an application key.
    ///
    /// `position`: the message's SeqAuth.
    /// `label`: the Label UUID where the destination is a virtual address.
    public static func seal(
        _ payload: [UInt8], position: SequencePosition, source: UnicastAddress, destination: MeshAddress,
        hasLongTransMIC: Bool = false, with key: AppKey, label: LabelUUID? = nil
    ) -> [UInt8] {
        let message = Message(
            position: position, source: source, destination: destination, hasLongTransMIC: hasLongTransMIC, sealed: [])
        return AESCCM.seal(
            payload, key: key.value, nonce: message.nonce(.application),
            additionalData: label?.value.octets ?? [], tagLength: message.transMICLength)
    }

    /// An Upper Transport Access PDU as a node seals it with a device key.
    ///
    /// `position`: the message's SeqAuth.
    public static func seal(
        _ payload: [UInt8], position: SequencePosition, source: UnicastAddress, destination: MeshAddress,
        hasLongTransMIC: Bool = false, with key: DevKey
    ) -> [UInt8] {
        let message = Message(
            position: position, source: source, destination: destination, hasLongTransMIC: hasLongTransMIC, sealed: [])
        return AESCCM.seal(
            payload, key: key.value, nonce: message.nonce(.device), tagLength: message.transMICLength)
    }
}
