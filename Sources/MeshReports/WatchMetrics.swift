import ByteParsing
public import CaptureFiles
import MeshEvidence
public import MeshProtocol
import MeshTimelines
public import MeshVerdict

/// What a process that listens knows, as a text file for Prometheus' node exporter.
public struct WatchMetrics {
    private var text = ""

    /// - Parameters:
    ///   - analysis: as it stands.
    ///   - forecasts: of all sources, by network.
    ///   - beaconTimes: when the last authentic beacon of each network was heard.
    ///   - now: by the clock of the frames.
    ///   - savedAge: since the state was written.
    /// - Returns: the lines, each metric with its help and type.
    public static func render(
        _ analysis: Analysis, _ forecasts: [NetworkIndex: [Forecast]], beaconTimes: [NetworkIndex: CaptureTime],
        now: CaptureTime?, savedAge: Duration
    ) -> String {
        var metrics = WatchMetrics()
        let networks = analysis.networkIndexes
        func name(_ index: NetworkIndex) -> String { analysis[index].name ?? "\(index.value + 1)" }
        metrics.add(
            "iv_index", "IV Index of the network, by authenticated evidence.",
            networks.compactMap { index in
                analysis[index].iv.map { ([("network", name(index))], "\($0.state.index.value)") }
            })
        metrics.add(
            "iv_update_in_progress", "1 while an IV Update is in progress.",
            networks.compactMap { index in
                analysis[index].iv.map { ([("network", name(index))], $0.state.isUpdateInProgress ? "1" : "0") }
            })
        metrics.add(
            "beacon_age_seconds", "Since the last authentic beacon of the network.",
            networks.compactMap { index in
                guard let now, let time = beaconTimes[index] else { return nil }
                return ([("network", name(index))], seconds(now.since(time)))
            })
        let sources = networks.flatMap { index in (forecasts[index] ?? []).map { (name(index), $0) } }
        func labels(_ network: String, _ forecast: Forecast) -> [(String, String)] {
            [("network", network), ("source", "\(forecast.address)")]
        }
        metrics.add(
            "next_seq", "One above the highest SEQ that was heard of the source under its IV Index.",
            sources.map { (labels($0, $1), "\(UInt64($1.last.sequence.value) + 1)") })
        metrics.add(
            "seq_left", "SEQ that the source has left under its IV Index.",
            sources.map { (labels($0, $1), "\($1.left)") })
        metrics.add(
            "source_last_heard_timestamp_seconds", "When the highest SEQ of the source was heard.",
            sources.map { (labels($0, $1), seconds($1.lastTime.since(CaptureTime(nanoseconds: 0)))) })
        metrics.add(
            "recommended_seq", "The start SEQ for a replacement of the master.",
            analysis.masters.compactMap { master in
                master.verdict.recovery.map { recovery in
                    let labels = [("network", name(master.network)), ("source", "\(master.address)")]
                    return (labels, "\(recovery.recommended.value)")
                }
            })
        metrics.addInputs(analysis.captures)
        metrics.add("state_age_seconds", "Since the state was written.", [([], seconds(savedAge))])
        return metrics.text
    }

    private mutating func addInputs(_ captures: [CaptureSummary]) {
        func labels(_ capture: CaptureSummary) -> [(String, String)] { [("input", KeyMask.hide(capture.path))] }
        add("frames_total", "Frames read.", captures.map { (labels($0), "\($0.frames)") }, type: "counter")
        add(
            "frames_crc_failed_total", "Frames whose CRC over the air failed.",
            captures.map { (labels($0), "\($0.crcFailed)") }, type: "counter")
    }

    private mutating func add(
        _ name: String, _ help: String, _ samples: [([(String, String)], String)], type: String = "gauge"
    ) {
        guard !samples.isEmpty else { return }
        text += "# HELP meshscope_\(name) \(help)\n# TYPE meshscope_\(name) \(type)\n"
        for (labels, value) in samples {
            let words = labels.map { "\($0)=\"\(Self.escape($1))\"" }.joined(separator: ",")
            text += "meshscope_\(name)\(words.isEmpty ? "" : "{\(words)}") \(value)\n"
        }
    }

    /// In label values a backslash, a quote and a line feed are escaped; nothing else is left that people cannot see.
    private static func escape(_ text: String) -> String {
        PrintableText.escape(text).map { $0 == "\\" || $0 == "\"" ? "\\\($0)" : "\($0)" }.joined()
    }

    private static func seconds(_ duration: Duration) -> String {
        let milliseconds = max(
            0, duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000)
        let rest = "\(milliseconds % 1000)"
        return "\(milliseconds / 1000).\(String(repeating: "0", count: 3 - rest.count))\(rest)"
    }
}
