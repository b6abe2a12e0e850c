import MeshEvidence
import MeshProtocol

/// The sources of one network, found by their address without searching.
struct SourceTable: Hashable, Sendable {
    /// In the order of hearing.
    private(set) var sources: [SourceTimeline] = []
    /// The place of each unicast address in `sources`, up to the highest that was heard; below 0 for none.
    private var places: [Int16] = []

    /// How many pages the sets of SEQ of all sources have, and how many there may be: 64 MB.
    private var pages = 0
    private static let mostPages = 1 << 20
    /// Whether pages had to be forgotten.
    private(set) var hasForgotten = false

    /// How many marks for pictures a source may keep: fewer where there are many sources.
    private var mostMarks = Self.marks(for: 0)
    private static let mostMarksOfAll = 1024
    private static let mostMarksOfOne = 64

    init() {}

    /// Each source once; what stands twice is left out.
    init(_ sources: [SourceTimeline]) {
        for source in sources where known(source.address) < 0 {
            note(self.sources.count, of: source.address)
            self.sources.append(source)
        }
        pages = sources.reduce(0) { $0 + $1.pages }
        hasForgotten = sources.contains(where: \.hasForgotten)
        mostMarks = Self.marks(for: self.sources.count)
    }

    /// A power of two, so that it seldom changes; none where there would be fewer than two.
    private static func marks(for sources: Int) -> Int {
        var marks = mostMarksOfOne
        while marks > 1, marks * sources > mostMarksOfAll { marks /= 2 }
        return marks > 1 ? marks : 0
    }

    subscript(address: UnicastAddress) -> SourceTimeline? {
        let place = known(address)
        return place < 0 ? nil : sources[place]
    }

    @inline(__always)
    mutating func apply(
        _ pdu: NetworkPDU, of subnet: SubnetIndex, at frame: FrameReference, times: Int, isDelayed: Bool
    ) -> Novelty {
        let place = place(of: pdu.source)
        let novelty = sources[place].apply(
            pdu, of: subnet, at: frame, times: times, isDelayed: isDelayed, mostMarks: mostMarks)
        if sources[place].hasNewPage { countPages(of: place) }
        return novelty
    }

    private mutating func countPages(of place: Int) {
        sources[place].hasNewPage = false
        pages += 1
        guard pages > Self.mostPages else { return }
        let forgotten = sources[place].forgetLowest()
        pages -= forgotten
        hasForgotten = hasForgotten || forgotten > 0
    }

    /// How many SEQ a position is behind the highest one of its source; 0 where it is the highest, and the most there is under an IV Index
    /// that the source has left.
    @inline(__always)
    func distance(of position: SequencePosition, behind address: UnicastAddress) -> UInt32 {
        let place = known(address)
        guard place >= 0, let highest = sources[place].lastPosition, position < highest else { return 0 }
        guard position.ivIndex == highest.ivIndex else { return .max }
        return highest.sequence.value - position.sequence.value
    }

    /// Changes what was heard of a source, if anything was.
    mutating func change(_ address: UnicastAddress, _ change: (inout SourceTimeline) -> Void) {
        let place = known(address)
        if place >= 0 { change(&sources[place]) }
    }

    /// Each source as it stands if nothing more is heard.
    mutating func settle() {
        for place in sources.indices { sources[place].settle() }
    }

    @inline(__always)
    private mutating func place(of address: UnicastAddress) -> Int {
        let known = known(address)
        return known < 0 ? add(address) : known
    }

    @inline(__always)
    private func known(_ address: UnicastAddress) -> Int {
        let number = Int(address.value)
        return number < places.count ? Int(places[number]) : -1
    }

    /// There are 32,767 unicast addresses, so that no place is higher than an `Int16` can say.
    private mutating func note(_ place: Int, of address: UnicastAddress) {
        let number = Int(address.value)
        var count = max(64, places.count)
        while count <= number { count *= 2 }
        places += Array(repeating: -1, count: count - places.count)
        places[number] = Int16(place)
    }

    private mutating func add(_ address: UnicastAddress) -> Int {
        note(sources.count, of: address)
        sources.append(SourceTimeline(address))
        let most = Self.marks(for: sources.count)
        if most != mostMarks {
            mostMarks = most
            for place in sources.indices { sources[place].thinMarks(to: most) }
        }
        return sources.count - 1
    }
}

extension SourceTable: Codable {
    /// - Throws: `DecodingError`, also where a source stands twice.
    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        sources = try container.decode([SourceTimeline].self)
        pages = sources.reduce(0) { $0 + $1.pages }
        hasForgotten = sources.contains(where: \.hasForgotten)
        for (place, source) in sources.enumerated() {
            guard known(source.address) < 0 else {
                throw DecodingError.dataCorruptedError(
                    in: container, debugDescription: "the source \(source.address) stands twice")
            }
            note(place, of: source.address)
        }
        mostMarks = Self.marks(for: sources.count)
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(sources)
    }
}
