import ByteParsing
import MeshEvidence
import MeshProtocol
import MeshTimelines
import MeshVerdict

/// Why nothing that was heard tells the IV Index of a network, and what to do about it.
enum UnknownIVReason: Hashable {
    /// So many PDUs have a NID of the network, and none opened.
    case notOpened(pdus: Int)
    /// There were beacons with its Network ID, and none was authentic.
    case notAuthentic
    /// Only its proxy servers were heard, which advertise under its keys.
    case proxyServersOnly
    /// Only its Solicitation PDUs were heard, which are sealed without an IV Index.
    case solicitationsOnly
    /// Only Solicitation PDUs that no key opens were heard.
    case closedSolicitations(Int)
    /// So much was heard of other networks, and nothing of this one.
    case otherNetworks(beacons: Int, pdus: Int, heardNIDs: [UInt8], ownNIDs: [UInt8])
    /// Only proxy servers of other networks advertised, so many networks.
    case otherProxyServers(networks: Int)
    /// There were only devices that belong to no network yet.
    case unprovisionedDevices
    /// So many frames were read, and no mesh traffic is in them.
    case noMeshTraffic(frames: Int)

    /// - Parameters:
    ///   - analysis: of the captures.
    ///   - index: of the network whose IV Index is not known; `nil` where no key is given, so that every network is another.
    init(_ analysis: Analysis, in index: NetworkIndex? = nil) {
        if let index, let own = Self(of: analysis[index], analysis.proxyServers.contains { $0.network == index }) {
            self = own
            return
        }
        let others = analysis.networkIndexes.filter { $0 != index }.map { analysis[$0] }
        let beacons =
            analysis.foreignBeacons.reduce(0) { $0 + $1.count } + analysis.foreignPrivateBeacons
            + others.flatMap(\.subnets).reduce(0) { $0 + $1.authenticBeacons + $1.notAuthenticBeacons }
        let pdus = analysis.unopened.reduce(0) { $0 + $1.heard } + others.reduce(0) { $0 + $1.heard }
        if beacons + pdus > 0 {
            let nids = analysis.unopened.map(\.nid) + others.flatMap(\.subnets).map(\.identity.nid)
            let own = index.map { analysis[$0].subnets.map(\.identity.nid) } ?? []
            self = .otherNetworks(beacons: beacons, pdus: pdus, heardNIDs: Set(nids).sorted(), ownNIDs: own)
            return
        }
        guard analysis.foreignProxyServers.isEmpty else {
            self = .otherProxyServers(networks: analysis.foreignProxyServers.count)
            return
        }
        guard analysis.closedSolicitations == 0 else {
            self = .closedSolicitations(analysis.closedSolicitations)
            return
        }
        guard analysis.unprovisionedDevices.isEmpty, analysis.provisioningLinks.isEmpty else {
            self = .unprovisionedDevices
            return
        }
        self = .noMeshTraffic(frames: analysis.captures.reduce(0) { $0 + $1.frames })
    }

    /// `nil` where nothing was heard of the network.
    private init?(of network: Analysis.Network, _ hasProxyServers: Bool) {
        if network.heard > 0 {
            self = .notOpened(pdus: network.heard)
        } else if network.subnets.contains(where: { $0.notAuthenticBeacons > 0 }) {
            self = .notAuthentic
        } else if hasProxyServers {
            self = .proxyServersOnly
        } else if network.solicitors > 0 {
            self = .solicitationsOnly
        } else {
            return nil
        }
    }

    /// Whether something shows that the network was heard, so that what is known of it may be relied on.
    var isOfThisNetwork: Bool {
        switch self {
        case .notOpened, .notAuthentic, .proxyServersOnly, .solicitationsOnly: true
        case .otherNetworks, .otherProxyServers, .closedSolicitations, .unprovisionedDevices, .noMeshTraffic: false
        }
    }

    /// Whether other networks were heard, which another key may open.
    var isAboutOtherNetworks: Bool {
        switch self {
        case .otherNetworks, .otherProxyServers, .closedSolicitations: true
        case .notOpened, .notAuthentic, .proxyServersOnly, .solicitationsOnly, .unprovisionedDevices, .noMeshTraffic:
            false
        }
    }

    /// What was heard instead, in a sentence or two.
    var text: Prose {
        switch self {
        case .notOpened(let pdus):
            "\(Wording.count(pdus, "PDU has", "PDUs have")) a NID of this key, and what was tried opened none: a sample of them, by default up to IV Index "
                + "0x000FFFFF. They are of a higher one, or of another network with the same NID. "
                + "--iv-search full tries all of 32 bits."
        case .notAuthentic: "Beacons with this Network ID were heard, and none is authentic."
        case .proxyServersOnly:
            "Proxy servers of the network were heard, which do not tell its IV Index, and nothing else of it."
        case .solicitationsOnly:
            "Solicitation PDUs of the network were heard, which are sealed without its IV Index, and nothing else of it."
        case .closedSolicitations(let count):
            "Nothing of this key was heard, but \(Wording.count(count, "Solicitation PDU")) that no key opens: is it the right key?"
        case .otherNetworks(let beacons, let pdus, let heard, let own):
            "This key opens nothing here: 0 of \(Wording.count(beacons, "beacon")), 0 of \(Wording.count(pdus, "PDU"))"
                + Self.nids(own, heard) + ". Is it the right one?"
        case .otherProxyServers(let networks):
            "Nothing of this key was heard, but proxy servers of \(Wording.count(networks, "other network")): is it the "
                + "right key? Compare \(code: "meshscope keys") with the Network IDs that \(code: "meshscope analyze") lists."
        case .unprovisionedDevices:
            "The captures hold devices that are not provisioned yet, or are just being provisioned, and no traffic of a network."
        case .noMeshTraffic(let frames):
            frames == 0
                ? "The captures hold no frames."
                : "None of the \(Wording.count(frames, "frame")) holds mesh traffic that can be read."
        }
    }

    /// Which NIDs its keys have, and which were heard; one NID in 128 is another network's by chance.
    private static func nids(_ own: [UInt8], _ heard: [UInt8]) -> Prose {
        func list(_ nids: [UInt8]) -> String {
            nids.prefix(6).map { Hexadecimal.prefixed($0, digits: 2) }.joined(separator: ", ")
                + (nids.count > 6 ? ", …" : "")
        }
        guard let first = own.first, !heard.isEmpty else { return "" }
        let ownText =
            own.count == 1 ? "its NID is \(Hexadecimal.prefixed(first, digits: 2))" : "its NIDs are \(list(own))"
        return " (\(ownText), heard: \(list(heard)))"
    }

    /// What helps in this case, and in no other.
    var advice: Prose {
        switch self {
        case .notOpened:
            "Capture until a beacon of the network is heard (each node should hear one about every 10 s), or say a likely "
                + "value with --iv-index."
        case .notAuthentic, .proxyServersOnly, .solicitationsOnly:
            "Capture until an authentic beacon of the network is heard: each node should hear one about every 10 s."
        case .otherNetworks, .otherProxyServers, .closedSolicitations:
            "If it is not, give the right one; no IV Index opens anything with this one. If it is, capture where this "
                + "network is heard: each node should hear a beacon about every 10 s."
        case .unprovisionedDevices, .noMeshTraffic:
            "Capture near a node of the network, on the advertising channels 37 to 39, or on the host that takes part in it: "
                + "each node should hear a beacon about every 10 s."
        }
    }
}
