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

        /// The current keys, and the old ones during a Key Refresh.
        public var allKeys: [NetworkKeys] { [keys, oldKeys].compactMap(\.self) }
    }

    /// What a key file knows of a node beside its keys.
    public struct Node: Sendable {
        /// Of the first element; the others follow.
        public let address: UnicastAddress
        public let elements: Int
        public let name: String?
        public let isProvisioner: Bool

        public init(address: UnicastAddress, elements: Int, name: String?, isProvisioner: Bool) {
            self.address = address
            self.elements = elements
            self.name = name
            self.isProvisioner = isProvisioner
        }
    }

    /// The keys above the network layer.
    public struct UpperTransportKeys: Sendable {
        public var applicationKeys: [ApplicationKey] = []
        /// With the address of the node's first element.
        public var deviceKeys: [(address: UnicastAddress, key: NetKey)] = []
        public var labels: [LabelUUID] = []

        public init() {}
    }

    public struct Network: Sendable {
        public let name: String?
        public let subnets: [Subnet]
        /// The address that failed, where a key file says it.
        public let master: UnicastAddress?
        /// The user's hint for opening PDUs; never evidence.
        public let givenIVIndex: IVIndex?
        public let nodes: [Node]
        public let upperKeys: UpperTransportKeys

        public init(
            name: String? = nil, subnets: [Subnet], master: UnicastAddress? = nil, givenIVIndex: IVIndex? = nil,
            nodes: [Node] = [], upperKeys: UpperTransportKeys = .init()
        ) {
            self.nodes = nodes
            self.upperKeys = upperKeys
            self.name = name
            self.subnets = subnets
            self.master = master
            self.givenIVIndex = givenIVIndex
        }

        /// The keys of all subnets, in their order.
        public var allKeys: [NetworkKeys] { subnets.flatMap(\.allKeys) }

        /// The name of the node that has this element, with the element's number where it is not the first.
        public func name(of address: UnicastAddress) -> String? {
            for node in nodes {
                let element = Int(address.value) - Int(node.address.value)
                guard (0..<node.elements).contains(element), let name = node.name else { continue }
                return element == 0 ? name : "\(name), element \(element)"
            }
            return nil
        }
    }

    public let networks: [Network]

    public init(networks: [Network] = []) {
        self.networks = networks
    }
}
