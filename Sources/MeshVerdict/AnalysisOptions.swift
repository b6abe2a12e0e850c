public import CaptureFiles
public import MeshEvidence
public import MeshProtocol
public import MeshStacks

/// What the user says beside keys and captures.
public struct AnalysisOptions: Sendable {
    /// A hint for opening PDUs, never evidence.
    public var givenIVIndex: IVIndex?
    /// How far to search where no beacon tells the IV Index.
    public var ivSearch = IVSearchExtent.bounded
    /// The address of the failed device.
    public var master: UnicastAddress?
    /// The IV Index that a replacement starts with, to tell what it would do by itself.
    public var replacementIVIndex: IVIndex?
    /// When the device failed; the end of the captures if it is not known.
    public var failedAt: CaptureTime?
    /// When the replacement is to take over.
    public var takeoverAt: CaptureTime?
    /// What the failed device ran.
    public var stack: Stack?
    /// How many elements it had: 1 to 255.
    public var elements: Int?

    /// What is not given is as it was said above.
    public init(givenIVIndex: IVIndex? = nil, master: UnicastAddress? = nil) {
        self.givenIVIndex = givenIVIndex
        self.master = master
    }
}
