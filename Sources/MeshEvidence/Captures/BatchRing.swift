import DequeModule
import Dispatch

/// Hands batches from the thread that reads and peels to the one that opens, so few at a time that neither runs far ahead; what was
/// emptied goes back to be filled.
final class BatchRing: Sendable {
    private struct Batches {
        var filled: Deque<HeardFrames> = []
        var empty: [HeardFrames] = []
    }

    private let batches = Guarded(Batches())
    private let most: Int
    /// Counts the batches that may be filled.
    private let room: DispatchSemaphore
    /// Counts the batches that are filled, and the end.
    private let filled = DispatchSemaphore(value: 0)

    /// `batches`: how many there are.
    /// `most`: how many things that were heard make one full.
    init(batches: Int, most: Int) {
        room = .room(batches)
        self.most = most
    }

    /// Hands a batch on, and puts an empty one in its place; waits where there is no room.
    func handOn(_ heard: inout HeardFrames) {
        room.wait()
        heard = batches.withLock { [heard] batches in
            batches.filled.append(heard)
            return batches.empty.popLast() ?? HeardFrames(most: most)
        }
        filled.signal()
    }

    /// Says that there is no more.
    func end() { filled.signal() }

    /// The next batch in the order of hearing, once there is one; `nil` behind the last.
    func next() -> HeardFrames? {
        filled.wait()
        return batches.withLock { $0.filled.popFirst() }
    }

    /// Gives a batch back that was looked at.
    func takeBack(_ heard: consuming HeardFrames) {
        heard.removeAll()
        batches.withLock { [heard] in $0.empty.append(heard) }
        room.signal()
    }
}
