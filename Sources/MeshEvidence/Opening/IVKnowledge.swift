import MeshProtocol

/// What is known of one network's IV Index, as far as opening needs it: one of the three things that flow back from what
/// opened to what waits. The network's state itself, with its rules, is the timeline's.
struct IVKnowledge {
    /// A hint of the user's, good for opening and nothing else.
    let given: IVIndex?
    /// The highest state that each subnet's beacons and PDUs prove, by subnet.
    private var states: [IVState?] = []
    private var primary: SubnetIndex?

    /// - Parameters:
    ///   - primary: the subnet of key index 0, where the network has one.
    ///   - given: the user's hint.
    init(primary: SubnetIndex?, given: IVIndex?) {
        self.primary = primary
        self.given = given
    }

    /// Whether nothing authentic tells the IV Index.
    var isEmpty: Bool { states.allSatisfy { $0 == nil } }

    /// The highest IV Index that anything authentic tells.
    var highest: IVIndex? { states.compactMap { $0?.index }.max() }

    private func state(of subnet: SubnetIndex) -> IVState? {
        states.indices.contains(subnet.value) ? states[subnet.value] : nil
    }

    /// Whether a state is ahead of what is known of its subnet.
    func isNews(_ state: IVState, of subnet: SubnetIndex) -> Bool {
        self.state(of: subnet).map { $0 < state } ?? true
    }

    /// Notes a state that was said; true if other IV Indexes are to be tried since.
    mutating func note(_ state: IVState, of subnet: SubnetIndex) -> Bool {
        guard isNews(state, of: subnet) else { return false }
        while states.count <= subnet.value { states.append(nil) }
        states[subnet.value] = state
        return true
    }

    /// Whether a PDU that opened under an IV Index says that its source has moved on beyond what was known.
    @inline(__always)
    func isAhead(_ ivIndex: IVIndex, in subnet: SubnetIndex) -> Bool {
        state(of: subnet).map { ivIndex > $0.transmitIndex } ?? true
    }

    /// The IV Indexes to try for a PDU of a subnet with this IVI bit, the likeliest first: by the subnet's own state, the
    /// primary subnet's and the highest one; what the user gave comes last.
    ///
    /// A node accepts the current index n and n−1, and the IVI bit chooses. Where that fails, the index two above (the
    /// capture missed an update) and the one two below (the PDU is older than the first beacon) have the same bit.
    func candidates(ivi: UInt8, subnet: SubnetIndex) -> [IVIndex] {
        var candidates: [IVIndex] = []
        for state in [state(of: subnet), primary.flatMap(state), states.compactMap(\.self).max()] {
            guard let index = state?.index else { continue }
            let distance: Int64 = index.ivi == ivi ? 0 : -1
            for candidate in [distance, distance + 2, distance - 2].compactMap(index.advanced(by:))
            where !candidates.contains(candidate) {
                candidates.append(candidate)
            }
        }
        guard let given else { return candidates }
        let distances: [Int64] = given.ivi == ivi ? [0] : [-1, 1]
        return candidates + distances.compactMap(given.advanced(by:)).filter { !candidates.contains($0) }
    }
}
