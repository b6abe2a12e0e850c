import MeshCrypto
import MeshProtocol

import CaptureFiles

/// The PDUs of the last seconds and what became of them, so that a retransmission, or the same PDU on three channels, is
/// recognised before any AES. A table of fixed size that stays within a processor's cache.
struct RecentPDUs {
    /// Copies of an opened PDU, counted from one flush to the next.
    struct Repetition {
        let network: NetworkIndex
        let source: UnicastAddress
        let ivIndex: IVIndex
        /// Of the first of them.
        let origin: Origin
        var count = 1
        fileprivate let slot: Int
    }

    enum Match {
        case new
        /// Which of the pending PDUs it is.
        case pending(Int)
        case opened(slot: Int)
        case closed(slot: Int, HeldPDUs.Place)
    }

    /// What became of a PDU that was opened, small.
    private struct Opened {
        let network: Int16
        let source: UnicastAddress
        let ivIndex: IVIndex
        /// Which of the repetitions counts its copies; negative where there were none since the last flush.
        var repetition: Int32 = -1
    }

    private struct Slot {
        enum State {
            case empty
            /// Which of the pending PDUs it is.
            case pending(Int)
            case opened(Opened)
            /// Where it is held.
            case closed(HeldPDUs.Place)
        }

        var pdu: ObfuscatedNetworkPDU
        var state = State.empty
        /// Of its first hearing, nanoseconds.
        var time: Int64 = 0
    }

    /// Copies of closed PDUs of one NID.
    private struct ClosedCopies {
        let origin: Origin
        var count = 0
    }

    private static let count = 2048
    /// Nanoseconds after which a copy is no mere copy any more, and is opened again to be looked at.
    private static let copyTime: Int64 = 10_000_000_000

    private var slots: [Slot]
    private var repetitions: [Repetition] = []
    private var closedCopies: [UInt8: ClosedCopies] = [:]

    /// `isNeeded`: false where there are no keys, and nothing can be opened.
    init(isNeeded: Bool) {
        slots = Array(repeating: Slot(pdu: .none), count: isNeeded ? Self.count : 0)
    }

    @inline(__always)
    private static func slot(of pdu: ObfuscatedNetworkPDU) -> Int {
        Int(truncatingIfNeeded: pdu.fingerprint) & (count - 1)
    }

    @inline(__always)
    func find(_ pdu: ObfuscatedNetworkPDU, at time: CaptureTime) -> Match {
        let index = Self.slot(of: pdu)
        guard slots[index].pdu == pdu, time.nanoseconds &- slots[index].time <= Self.copyTime else { return .new }
        switch slots[index].state {
        case .empty: return .new
        case .pending(let pending): return .pending(pending)
        case .opened: return .opened(slot: index)
        case .closed(let place): return .closed(slot: index, place)
        }
    }

    /// Gives the PDU that is pending as this one a slot, whosever it was: where a batch ends decides nothing. One that is heard once
    /// more, long after itself, takes its own slot over, so that its copies are told as if what is pending had been opened.
    @inline(__always)
    mutating func remember(_ pdu: ObfuscatedNetworkPDU, at time: CaptureTime, pending: Int) -> Int {
        let index = Self.slot(of: pdu)
        slots[index] = Slot(pdu: pdu, state: .pending(pending), time: time.nanoseconds)
        return index
    }

    @inline(__always)
    mutating func countCopy(inSlot index: Int, from origin: Origin) {
        guard case .opened(var opened) = slots[index].state else { return }
        guard opened.repetition < 0 else {
            repetitions[Int(opened.repetition)].count += 1
            return
        }
        opened.repetition = Int32(truncatingIfNeeded: repetitions.count)
        slots[index].state = .opened(opened)
        repetitions.append(
            Repetition(
                network: NetworkIndex(Int(opened.network)), source: opened.source, ivIndex: opened.ivIndex,
                origin: origin, slot: index))
    }

    /// The PDU was found to be closed, and is held there.
    mutating func noteClosed(_ pdu: ObfuscatedNetworkPDU, inSlot index: Int, at place: HeldPDUs.Place) {
        if slots[index].pdu == pdu { slots[index].state = .closed(place) }
    }

    /// One more copy of a closed PDU, which is held there.
    mutating func countClosedCopy(inSlot index: Int, from origin: Origin, at place: HeldPDUs.Place) {
        closedCopies[slots[index].pdu.nid, default: ClosedCopies(origin: origin)].count += 1
        slots[index].state = .closed(place)
    }

    @inline(__always)
    mutating func noteOpened(
        _ pdu: ObfuscatedNetworkPDU, as opened: NetworkPDU, network: NetworkIndex, inSlot index: Int
    ) {
        guard slots[index].pdu == pdu else { return }
        slots[index].state = .opened(
            Opened(
                network: Int16(truncatingIfNeeded: network.value), source: opened.source, ivIndex: opened.ivIndex))
    }

    /// What was closed is tried again, and its copies are new until that is known.
    mutating func forgetClosed() {
        for index in slots.indices {
            if case .closed = slots[index].state { slots[index] = Slot(pdu: .none) }
        }
    }

    mutating func removeRepetitions() -> [Repetition] {
        guard !repetitions.isEmpty else { return [] }
        defer { repetitions.removeAll(keepingCapacity: true) }
        for (number, repetition) in repetitions.enumerated() {
            // The slot may be another PDU's by now.
            guard case .opened(var opened) = slots[repetition.slot].state, Int(opened.repetition) == number else {
                continue
            }
            opened.repetition = -1
            slots[repetition.slot].state = .opened(opened)
        }
        return repetitions
    }

    /// By NID, in its order.
    mutating func removeClosedCopies() -> [(nid: UInt8, count: Int, origin: Origin)] {
        guard !closedCopies.isEmpty else { return [] }
        defer { closedCopies.removeAll(keepingCapacity: true) }
        return closedCopies.sorted { $0.key < $1.key }.map { ($0.key, $0.value.count, $0.value.origin) }
    }
}
