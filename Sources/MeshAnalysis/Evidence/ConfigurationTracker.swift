import MeshProtocol

/// Opens the configuration messages of one network, as far as device keys are at hand.
struct ConfigurationTracker {
    private var decoder: MessageDecoder

    /// `nil` without device keys, since there is nothing to open then.
    init?(_ keys: KeyRing.Network) {
        guard !keys.upperKeys.deviceKeys.isEmpty else { return nil }
        decoder = MessageDecoder(keys)
    }

    /// The configuration message that this PDU completes.
    mutating func take(_ pdu: NetworkPDU) -> ConfigurationMessage? {
        // SEG, AKF and AID: AKF is 0 under a device key.
        guard pdu.transportHeader & 0x40 == 0, case .access(let message, _) = decoder.decode(pdu)
        else { return nil }
        return ConfigurationMessage(message)
    }
}
