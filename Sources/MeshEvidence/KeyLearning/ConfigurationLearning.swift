import MeshProtocol

/// Opens the configuration messages of one network that hand out keys, as far as device keys are at hand.
struct ConfigurationLearning {
    private var decoder: MessageDecoder

    /// `nil` without device keys, since there is nothing to open then.
    init?(_ keys: KeyRing.Network) {
        guard !keys.upperKeys.deviceKeys.isEmpty else { return nil }
        decoder = MessageDecoder(keys)
    }

    /// The configuration message that this PDU completes.
    mutating func message(completedBy pdu: NetworkPDU) -> ConfigurationMessage? {
        guard pdu.usesDeviceKey, case .access(let message, _, _) = decoder.decode(pdu) else { return nil }
        return ConfigurationMessage(message)
    }
}
