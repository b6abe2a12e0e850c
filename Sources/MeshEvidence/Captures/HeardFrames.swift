import BluetoothFrames

/// What frames of captures hold, and what is to be said of the frames themselves, in the order of hearing: it goes in batches from
/// where frames are read and peeled to where what they hold is opened.
struct HeardFrames: Sendable {
    /// What is to be said of a frame.
    struct Remark: Sendable {
        /// How many things were heard before it.
        let place: Int
        let statement: CaptureStatement
        let frame: FrameReference
    }

    var heard = nothing
    private static let nothing = HeardBatch(types: ADType.ofMesh)
    private(set) var remarks: [Remark] = []
    /// How far the reading has come, now and then.
    var progress: ReadingProgress?
    private let most: Int

    /// `most`: how many things that were heard make a batch full.
    /// `expected`: how many there will be, as far as is known.
    init(most: Int, expected: Int = 0) {
        self.most = most
        heard.reserveCapacity(expected)
    }

    /// Whether they are to be handed on before more frames are peeled.
    @inline(__always)
    var isFull: Bool { heard.all.count >= most || remarks.count >= most }

    /// How many frames can be peeled before that is asked again, at least 1: until they are full if each frame holds one thing, and so
    /// few that frames of a hundred things each do not fill them many times over.
    var room: Int { max(1, min(Self.mostFrames, most - max(heard.all.count, remarks.count))) }
    private static let mostFrames = 64

    mutating func append(_ statement: CaptureStatement, at frame: FrameReference) {
        remarks.append(Remark(place: heard.count, statement: statement, frame: frame))
    }

    mutating func removeAll() {
        heard.removeAll()
        remarks.removeAll(keepingCapacity: true)
        progress = nil
    }
}
