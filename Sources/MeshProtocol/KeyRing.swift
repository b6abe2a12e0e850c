public import MeshCrypto

/// The keys of one analysis: networks, each with its subnets.
///
/// A network has one IV Index, one address space and one SEQ counter for each source; a subnet has a NetKey, or an
/// old and a new one during Key Refresh.
public struct KeyRing: Sendable {
    public struct Subnet: Sendable {
        /// 0 is the primary subnet.
        public let keyIndex: UInt16
        public let name: String?
        public let keys: NetworkKeys
        /// The key that a Key Refresh replaces.
        public let oldKeys: NetworkKeys?

        public init(keyIndex: UInt16, name: String? = nil, netKey: NetKey, oldNetKey: NetKey? = nil) {
            self.keyIndex = keyIndex
            self.name = name
            keys = NetworkKeys(netKey)
            oldKeys = oldNetKey.map(NetworkKeys.init)
        }
    }

    public struct Network: Sendable {
        public let name: String?
        public let subnets: [Subnet]
        /// The address that failed, where a key file says it.
        public let master: UnicastAddress?
        /// The user's hint for opening PDUs; never evidence.
        public let givenIVIndex: IVIndex?

        public init(
            name: String? = nil, subnets: [Subnet], master: UnicastAddress? = nil, givenIVIndex: IVIndex? = nil
        ) {
            self.name = name
            self.subnets = subnets
            self.master = master
            self.givenIVIndex = givenIVIndex
        }
    }

    public let networks: [Network]

    public init(networks: [Network] = []) {
        self.networks = networks
    }
}
