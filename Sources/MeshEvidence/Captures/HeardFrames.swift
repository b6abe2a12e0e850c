import BluetoothFrames

/// What frames of captures hold, and what is to be said of the frames themselves, in the order of hearing: it goes in batches from
/// where frames are read and peeled to where what they hold is opened.
struct HeardFrames {
    /// What is to be said of a frame.
    struct Remark {
        /// How many things were heard before it.
        let place: Int
        let statement: CaptureStatement
        let frame: FrameReference
    }

    var heard = HeardBatch(types: ADType.ofMesh)
    private(set) var remarks: [Remark] = []

    /// So many stay in a processor's cache.
    private static let most = 256

    /// Whether they are to be handed on before the next frame is peeled.
    @inline(__always)
    var isFull: Bool { heard.count >= Self.most || remarks.count >= Self.most }

    mutating func append(_ statement: CaptureStatement, at frame: FrameReference) {
        remarks.append(Remark(place: heard.count, statement: statement, frame: frame))
    }

    mutating func removeAll() {
        heard.removeAll()
        remarks.removeAll(keepingCapacity: true)
    }
}
