public import CaptureFiles
public import MeshProtocol
public import MeshSimulation
public import MeshVerdict

/// Writes a simulated capture and analyses it.
public func analyse(
    _ capture: SimulatedCapture, _ container: CaptureContainer = .pcap(.little, .microseconds),
    _ linkType: LinkType = .bluetoothLELinkLayerWithHeader, nordicVersion: UInt8 = 3,
    options: AnalysisOptions = AnalysisOptions(), receive: Analyzer.Receiver? = nil
) throws -> Analysis {
    let octets = capture.write(container, LinkFraming(linkType, nordicVersion: nordicVersion), linkType: linkType)
    return try analyse(octets, capture.keys, options: options, receive: receive)
}

/// Analyses the octets of a capture file.
public func analyse(
    _ octets: [UInt8], _ keys: KeyRing, options: AnalysisOptions = AnalysisOptions(),
    receive: Analyzer.Receiver? = nil
) throws -> Analysis {
    let folder = try TestFolder()
    let path = try folder.write(octets, "capture")
    return try Analyzer(keys: keys, options: options).analyze([path], receive: receive)
}

/// A capture file of simulated frames.
public func write(
    _ frames: [SimulatedFrame], _ linkType: LinkType = .bluetoothLELinkLayer,
    _ container: CaptureContainer = .pcap(.little, .microseconds)
) -> [UInt8] {
    var writer = CaptureWriter(container, linkTypes: [linkType])
    var framing = LinkFraming(linkType)
    for frame in frames {
        for wrapped in framing.wrap(frame) { writer.write(wrapped.octets, at: frame.time, flags: wrapped.flags) }
    }
    return writer.removeOctets()
}
