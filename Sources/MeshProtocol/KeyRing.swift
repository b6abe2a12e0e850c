public import MeshCrypto

/// The keys of one analysis: networks, each with its subnets.
///
/// A network has one IV Index, one address space and one SEQ counter for each source; a subnet has a NetKey, or an
/// old and a new one during Key Refresh.
public struct KeyRing: Sendable {
    /// A subnet: those who share a NetKey.
    public struct Subnet: Sendable {
        /// The key index of its NetKey; the primary subnet has 0.
        public let keyIndex: KeyIndex
        /// As a key file has it.
        public let name: String?
        /// What its NetKey derives; of two, the new one.
        public private(set) var keys: NetworkKeys
        /// The key that a Key Refresh replaces.
        public private(set) var oldKeys: NetworkKeys?

        /// A subnet that has a NetKey, and the one before during a Key Refresh.
        public init(keyIndex: KeyIndex, name: String? = nil, netKey: NetKey, oldNetKey: NetKey? = nil) {
            self.keyIndex = keyIndex
            self.name = name
            keys = NetworkKeys(netKey)
            oldKeys = oldNetKey.map(NetworkKeys.init)
        }

        /// The old keys during a Key Refresh, and the current ones.
        public var allKeys: [NetworkKeys] { [oldKeys, keys].compactMap(\.self) }

        /// A Key Refresh begins: what was current is the old key now.
        fileprivate mutating func replaceKey(by newKeys: NetworkKeys) {
            oldKeys = keys
            keys = newKeys
        }
    }

    /// What a key file knows of a node beside its keys.
    public struct Node: Sendable {
        /// The unicast address of the first element; the other elements have the addresses behind it.
        public let address: UnicastAddress
        /// How many elements it has; one at least.
        public let elements: Int
        /// As a key file has it.
        public let name: String?
        /// Whether a key file says that it provisions others.
        public let isProvisioner: Bool

        /// A node has at most 255 elements: Mesh Protocol 1.1, "Composition Data".
        public static let mostElements = 255

        /// A node as a key file has it; a number of elements that no node can have is held at the nearest one.
        public init(address: UnicastAddress, elements: Int, name: String?, isProvisioner: Bool) {
            self.address = address
            self.elements = max(1, min(elements, Self.mostElements, 0x8000 - Int(address.value)))
            self.name = name
            self.isProvisioner = isProvisioner
        }
    }

    /// The device key of one node.
    public struct DeviceKey: Hashable, Sendable {
        /// The unicast address of the node's first element.
        public let address: UnicastAddress
        /// What the Configuration Client shares with it.
        public let key: DevKey

        /// The key of the node whose first element has this address.
        public init(address: UnicastAddress, key: DevKey) {
            self.address = address
            self.key = key
        }
    }

    /// The keys above the network layer.
    public struct UpperTransportKeys: Sendable {
        /// The application keys of all subnets; a message names one by its AID.
        public var applicationKeys: [AppKey] = []
        /// A node that was provisioned again can have several.
        public var deviceKeys: [DeviceKey] = []
        /// The Label UUIDs whose virtual addresses may be destinations.
        public var labels: [LabelUUID] = []

        /// No keys.
        public init() {}

        private static let mostApplicationKeys = 4096

        /// Takes an application key that a configuration message hands out; bounded.
        public mutating func learn(_ key: AppKey) {
            if applicationKeys.count < Self.mostApplicationKeys { merge(applicationKeys: [key]) }
        }

        /// Takes what is not known yet of others.
        public mutating func merge(_ other: UpperTransportKeys) {
            merge(
                applicationKeys: other.applicationKeys, deviceKeys: other.deviceKeys, labels: other.labels)
        }

        /// Whether there is no key and no label.
        public var isEmpty: Bool { applicationKeys.isEmpty && deviceKeys.isEmpty && labels.isEmpty }

        /// Takes what is not known yet.
        public mutating func merge(
            applicationKeys more: [AppKey] = [], deviceKeys moreDeviceKeys: [DeviceKey] = [],
            labels moreLabels: [LabelUUID] = []
        ) {
            applicationKeys += more.filter { !applicationKeys.contains($0) }
            deviceKeys += moreDeviceKeys.filter { !deviceKeys.contains($0) }
            labels += moreLabels.filter { !labels.contains($0) }
        }
    }

    /// Addresses that must not be used again before the IV Index has moved on twice.
    public struct Exclusion: Sendable {
        /// Under which they were left.
        public let ivIndex: IVIndex
        /// The unicast addresses of all elements that left the network.
        public let addresses: Set<UInt16>

        /// What a key file says of one IV Index.
        public init(ivIndex: IVIndex, addresses: Set<UInt16>) {
            self.ivIndex = ivIndex
            self.addresses = addresses
        }
    }

    /// A network: one IV Index, one address space, and its subnets.
    public struct Network: Sendable {
        /// As a key file has it.
        public var name: String?
        /// In the order of the key file; those that were learned stand behind.
        public private(set) var subnets: [Subnet]
        /// The address that failed, where a key file says it.
        public var master: UnicastAddress?
        /// The IV Index that the user gives as a hint for opening PDUs; never evidence.
        public var givenIVIndex: IVIndex?
        /// The IV Index that a replacement starts with, where the user asks what it would do by itself.
        public var replacementIVIndex: IVIndex?
        /// As a key file has them.
        public var nodes: [Node] = []
        /// As a key file has them.
        public var exclusions: [Exclusion] = []
        /// Names of group addresses, and of virtual ones by their Label UUID.
        public var groupNames: [MeshAddress: String] = [:]
        /// What opens messages above the network layer.
        public var upperKeys = UpperTransportKeys()

        /// A network of these subnets.
        public init(name: String? = nil, subnets: [Subnet], master: UnicastAddress? = nil) {
            self.name = name
            self.subnets = subnets
            self.master = master
        }

        /// The keys of all subnets, in their order.
        public var allKeys: [NetworkKeys] { subnets.flatMap(\.allKeys) }

        private static let mostSubnets = 4096

        /// Learns a NetKey that a Config NetKey Add or Update hands out under this index; returns its subnet, which may be
        /// a new one. `nil` where the key is known.
        public mutating func learn(_ netKey: NetKey, keyIndex: KeyIndex) -> SubnetIndex? {
            guard !allKeys.contains(where: { $0.netKey == netKey }) else { return nil }
            if let subnet = subnets.firstIndex(where: { $0.keyIndex == keyIndex }) {
                subnets[subnet].replaceKey(by: NetworkKeys(netKey))
                return SubnetIndex(subnet)
            }
            guard subnets.count < Self.mostSubnets else { return nil }
            subnets.append(Subnet(keyIndex: keyIndex, netKey: netKey))
            return SubnetIndex(subnets.count - 1)
        }

        /// The name of the node that has this element, with the element's number where it is not the first.
        public func name(of address: UnicastAddress) -> String? {
            for node in nodes {
                let element = Int(address.value) - Int(node.address.value)
                guard (0..<node.elements).contains(element), let name = node.name else { continue }
                return element == 0 ? name : "\(name), element \(element)"
            }
            return nil
        }

        /// The name of whatever has this address.
        public func name(of address: MeshAddress) -> String? {
            if let name = UnicastAddress(address.value).flatMap(name(of:)) ?? groupNames[address] { return name }
            switch address.value {
            case 0xFFFB: return "all-directed-forwarding-nodes"
            case 0xFFFC: return "all-proxies"
            case 0xFFFD: return "all-friends"
            case 0xFFFE: return "all-relays"
            case 0xFFFF: return "all-nodes"
            default: return nil
            }
        }
    }

    /// In the order in which they were given.
    public let networks: [Network]

    /// The keys of these networks.
    public init(networks: [Network] = []) {
        self.networks = networks
    }
}
