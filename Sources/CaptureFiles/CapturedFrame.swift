/// One frame as the capture holds it, bound to the file's buffer until the next one is read.
public struct CapturedFrame: ~Escapable {
    // Number and time do not stand side by side: a processor would load them as one, and wait until both are in its cache.
    /// Counts from 1 in each file, as Wireshark counts.
    public let number: Int
    /// Octets that the frame had on the air; `bytes` may be shorter.
    public let originalLength: Int
    /// When it was captured, by the clock of what captured it.
    public let time: CaptureTime
    /// What the file says that the frame is.
    public let linkType: LinkType
    /// btsnoop's packet flags; 0 in other containers.
    public let flags: UInt32
    /// The frame's octets, as far as they were captured.
    public let bytes: Span<UInt8>

    @_lifetime(copy bytes)
    init(
        number: Int, time: CaptureTime, linkType: LinkType, originalLength: Int, flags: UInt32 = 0,
        bytes: Span<UInt8>
    ) {
        self.number = number
        self.time = time
        self.linkType = linkType
        self.originalLength = originalLength
        self.flags = flags
        self.bytes = bytes
    }
}
