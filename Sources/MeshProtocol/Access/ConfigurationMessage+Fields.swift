import ByteParsing

extension ConfigurationMessage {
    /// What the message says beside its name, field by field; a key is not shown.
    public var fields: [(name: String, value: String)] {
        switch self {
        case .netKeyAdd(let index, _), .netKeyUpdate(let index, _):
            [("net_key_index", "\(index)"), ("key", "not shown")]
        case .netKeyDelete(let index), .keyRefreshPhaseGet(let index): [("net_key_index", "\(index)")]
        case .netKeyStatus(let status, let index): [("status", status.name), ("net_key_index", "\(index)")]
        case .appKeyAdd(let indexes, _), .appKeyUpdate(let indexes, _):
            indexes.fields + [("key", "not shown")]
        case .appKeyDelete(let indexes): indexes.fields
        case .appKeyStatus(let status, let indexes): [("status", status.name)] + indexes.fields
        case .keyRefreshPhaseSet(let index, let transition):
            [("net_key_index", "\(index)"), ("transition", "\(transition)")]
        case .keyRefreshPhaseStatus(let status, let index, let phase):
            [("status", status.name), ("net_key_index", "\(index)"), ("phase", "\(phase)")]
        case .beacon(_, let state): [("secure_network_beacon", Self.state(state))]
        case .privateBeacon(_, let state, let interval):
            [("private_beacon", Self.state(state))]
                + (interval.map { [("random_update_interval", "\(Int($0) * 10) s")] } ?? [])
        case .nodeReset: []
        case .heartbeatPublication(let status, let publication): Self.status(status) + publication.fields
        case .heartbeatSubscription(let status, let subscription): Self.status(status) + subscription.fields
        }
    }

    private static func state(_ value: UInt8) -> String {
        switch value {
        case 0: "off"
        case 1: "on"
        default: "reserved \(Hexadecimal.prefixed(value, digits: 2))"
        }
    }

    private static func status(_ status: FoundationStatus?) -> [(name: String, value: String)] {
        status.map { [("status", $0.name)] } ?? []
    }
}

extension ConfigurationMessage.KeyIndexes {
    fileprivate var fields: [(name: String, value: String)] {
        [("net_key_index", "\(net)"), ("app_key_index", "\(app)")]
    }
}

extension ConfigurationMessage.HeartbeatPublication {
    fileprivate var fields: [(name: String, value: String)] {
        [
            ("destination", "\(destination)"), ("count_log", "\(countLog)"), ("period_log", "\(periodLog)"),
            ("ttl", "\(ttl)"), ("features", Hexadecimal.prefixed(features, digits: 4)),
            ("net_key_index", "\(netKeyIndex)"),
        ]
    }
}

extension ConfigurationMessage.HeartbeatSubscription {
    fileprivate var fields: [(name: String, value: String)] {
        var fields = [("source", "\(source)"), ("destination", "\(destination)"), ("period_log", "\(periodLog)")]
        if let countLog { fields.append(("count_log", "\(countLog)")) }
        if let hops { fields.append(("hops", "\(hops.lowerBound) to \(hops.upperBound)")) }
        return fields
    }
}
